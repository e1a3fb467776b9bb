/** A ready agent definition. */
export interface Template {
  /** What it is imported by: its file's name without the ending. */
  id: string;
  name: string;
  description: string;
  tags: string[];
  /** What must be there or be filled in before its agent works, as sentences. */
  needs: string[];
}

export interface ImportRequest {
  template: string;
  /** The new agent's; free. */
  id: string;
  /** In place of the template's own, on the card. */
  name?: string;
  description?: string;
}

/** The templates, and how one becomes an agent. */
export interface TemplateLibrary {
  /** All that can be read, by id. */
  list(): Promise<Template[]>;
  /**
   * Writes a new agent file, which is served when this resolves. Nothing is written unless the file is valid, and
   * none is ever overwritten.
   * @throws ToolError with a sentence that says what is wrong.
   */
  import(request: ImportRequest): Promise<{ file: string; needs: string[] }>;
}
