import { hash } from 'node:crypto';
import { eventId } from '../../runs/event.ts';
import type { RunLog } from '../../runs/log.ts';
import type { SecretBox } from '../../runs/secret-box.ts';
import { EgressRefusedError, type EgressGuard } from '../../tools/egress/egress-guard.ts';
import { openSecrets, type PushSecrets } from './config-secrets.ts';
import { notificationOf, type Notification } from './notification.ts';
import type { Delivery } from './outbox.ts';
import { retryAfterMs } from './schedule.ts';

/** What came of one try. */
export type SendOutcome =
  | { kind: 'delivered' }
  /** The receiver wants no more of them: 410. */
  | { kind: 'gone' }
  | { kind: 'failed'; error: string; retryAfterMs?: number };

/** Makes a compact JWT of these claims with the gateway's key, whose public half is in its JWKS. */
export type SignJwt = (claims: Record<string, string | number>) => Promise<string>;

export interface SenderOptions {
  log: RunLog;
  guard: Pick<EgressGuard, 'fetch'>;
  secretBox: SecretBox;
  signJwt: SignJwt;
  /** `iss` of the tokens: the gateway's public URL. */
  issuer: () => string;
  /** Milliseconds for one try. */
  timeoutMs: number;
}

/** How long a token counts, in seconds. */
const tokenSeconds = 300;
/** Nothing of a receiver's answer is used but its status. */
const maxAnswerBytes = 1024;

/** Posts notifications. */
export class PushSender {
  readonly #options: SenderOptions;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /**
   * One try. It never throws for what the receiver or the way to it does.
   * @param abandon aborts it, which counts as a failure
   */
  async send(delivery: Delivery, abandon: AbortSignal): Promise<SendOutcome> {
    const signal = AbortSignal.any([abandon, AbortSignal.timeout(this.#options.timeoutMs)]);
    try {
      const notification = await notificationOf(this.#options.log, delivery, signal);
      if (!notification) return { kind: 'delivered' };
      const secrets = openSecrets(this.#options.secretBox, delivery.config);
      const { status, headers } = await this.#options.guard.fetch(secrets.url, {
        method: 'POST',
        headers: await this.#headers(delivery, notification, secrets),
        body: notification.body,
        signal,
        maxBytes: maxAnswerBytes,
      });
      return outcomeOf(status, headers.get('Retry-After'));
    } catch (error) {
      return { kind: 'failed', error: signal.aborted ? 'no answer in time' : describe(error) };
    }
  }

  async #headers(
    { runId, position }: Delivery,
    { contentType, body }: Notification,
    { url, token, authentication }: PushSecrets,
  ): Promise<Record<string, string>> {
    const id = `${runId}.${eventId(position)}`;
    const now = Math.floor(Date.now() / 1000);
    const jwt = await this.#options.signJwt({
      iss: this.#options.issuer(),
      aud: new URL(url).origin,
      iat: now,
      exp: now + tokenSeconds,
      jti: id,
      request_body_sha256: hash('sha256', body),
    });
    const { schemes: [scheme] = [], credentials } = authentication ?? {};
    return {
      'Content-Type': contentType,
      'webhook-id': id,
      'webhook-timestamp': String(now),
      'webhook-jwt': jwt,
      ...(scheme !== undefined && credentials !== undefined && { Authorization: `${scheme} ${credentials}` }),
      ...(token !== undefined && { 'X-A2A-Notification-Token': token }),
    };
  }
}

function outcomeOf(status: number, retryAfter: string | null): SendOutcome {
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  if (status === 410) return { kind: 'gone' };
  const error = status >= 300 && status < 400 ? `HTTP ${status}, which is not followed` : `HTTP ${status}`;
  const delay = retryAfterMs(retryAfter, Date.now());
  return { kind: 'failed', error, ...(delay !== undefined && { retryAfterMs: delay }) };
}

/** In words of our own: an error's message may quote a header. */
function describe(error: unknown): string {
  if (error instanceof EgressRefusedError) return `refused: ${error.reason}`;
  // By its fields: where the class is another realm's, the reason is in the cause still.
  const { code, cause } = error as { code?: unknown; cause?: { code?: unknown } };
  const name = code ?? cause?.code;
  return typeof name === 'string' && /^[A-Z0-9_]{1,64}$/.test(name) ? name : 'it could not be sent';
}
