/**
 * The neutral message of every door: the ProtoJSON form of A2A v1.0 (spec §4.1.4, §4.1.6), so that the
 * v1.0 doors carry it as it is, v0.3 translates it in one place and the log stores it unchanged.
 */
export type Json = string | number | boolean | null | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

export type Role = 'ROLE_USER' | 'ROLE_AGENT';

/** Exactly one of `text`, `data`, `raw` (base64) and `url` is set. */
export interface Part {
  text?: string;
  data?: Json;
  raw?: string;
  url?: string;
  mediaType?: string;
  filename?: string;
  metadata?: JsonObject;
}

export interface Message {
  messageId: string;
  role: Role;
  parts: Part[];
  contextId?: string;
  taskId?: string;
  metadata?: JsonObject;
  extensions?: string[];
  referenceTaskIds?: string[];
}

/** An output of a task (spec §4.1.7). */
export interface Artifact {
  artifactId: string;
  name?: string;
  description?: string;
  parts: Part[];
  metadata?: JsonObject;
  extensions?: string[];
}

/** One utterance of a conversation, as the model is shown it. */
export interface Turn {
  by: 'USER' | 'AI';
  text: string;
}
