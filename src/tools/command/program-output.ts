const maximumHeadBytes = 1_000_000;
const maximumTailBytes = 16_000;

/** The first megabyte of what a program prints; the rest is read and dropped, so that it can go on. */
export class OutputHead {
  readonly #chunks: Buffer[] = [];
  #left = maximumHeadBytes;
  #truncated = false;

  add(chunk: Buffer): void {
    if (chunk.length > this.#left) this.#truncated = true;
    if (this.#left > 0) this.#chunks.push(chunk.subarray(0, this.#left));
    this.#left = Math.max(0, this.#left - chunk.length);
  }

  /** Whether there was more. */
  get truncated(): boolean {
    return this.#truncated;
  }

  text(): string {
    return new TextDecoder().decode(Buffer.concat(this.#chunks));
  }
}

/** The last kilobytes of what a program prints. */
export class OutputTail {
  #kept: Buffer = Buffer.alloc(0);

  add(chunk: Buffer): void {
    const all = Buffer.concat([this.#kept, chunk]);
    this.#kept = Buffer.from(all.subarray(Math.max(0, all.length - maximumTailBytes)));
  }

  text(): string {
    return new TextDecoder().decode(this.#kept);
  }
}
