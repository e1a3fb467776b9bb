import type { Position } from '../../runs/event.ts';
import type { AnswerPlace } from '../projection.ts';
import type { ProtocolVersion } from '../wire.ts';

/**
 * Push notification configs and the notifications that wait for their delivery: the port between push and the
 * store. The run log of the same store writes a notification in the transaction of the event that it is about.
 * Every adapter passes the contract suite in test/stores/push-outbox-contract.ts. All times are milliseconds
 * since the epoch. Every method rejects with StoreUnavailableError while the store cannot be reached.
 *
 * The notifications of one config are a queue: only its head is ever due, so that they arrive in order.
 */
export interface PushOutbox {
  /**
   * Stores a config of the run, in place of the one with the same id. False: the run has `most` others already.
   * It is told of the events that come from now on.
   */
  save(runId: string, config: StoredPushConfig, most: number): Promise<boolean>;

  /** The run's configs, oldest first. */
  list(runId: string): Promise<StoredPushConfig[]>;

  /** Deletes a config with all of its notifications, dead letters included; a missing one is no error. */
  remove(runId: string, configId: string): Promise<void>;

  /** Heads of queues that are due at `now`, longest due first. */
  due(now: number, limit: number): Promise<Delivery[]>;

  /** When the first head after `after` is due; undefined: none. */
  nextDueAt(after: number): Promise<number | undefined>;

  /** The notification arrived, or there is nothing to send: it goes, and the next of its queue is due at `now`. */
  delivered(deliveryId: string, now: number): Promise<void>;

  /** The notification failed and is tried again later; what is behind it waits. */
  postpone(deliveryId: string, failure: DeliveryFailure & { dueAt: number }): Promise<void>;

  /** The notification is given up: it becomes a dead letter, and the next of its queue is due at `at`. */
  bury(deliveryId: string, failure: DeliveryFailure & { at: number }): Promise<void>;

  /** Notifications that were given up, newest first. */
  deadLetters(page: { limit: number; offset: number }): Promise<DeadLetterPage>;

  /** Puts a dead letter at the end of its queue, with all its tries before it. False: there is no such one. */
  redeliver(deadLetterId: string, now: number): Promise<boolean>;

  /** Calls back after every change that may have made a notification due. Returns how to stop that. */
  onWrite(listener: () => void): () => void;
}

/** A config as it is stored. What must stay secret is sealed. */
export interface StoredPushConfig {
  id: string;
  /** The registrant's: notifications are in the same one. */
  version: ProtocolVersion;
  answerIn: AnswerPlace;
  /** Whether whole artifacts are told of, beside changes of state. */
  artifacts: boolean;
  /** Origin and path of the address: what logs and dead letters show of it. */
  target: string;
  /** Address, token and authentication, sealed: an address may hold a secret too. */
  sealed: string;
}

/** A notification on its way. */
export interface Delivery {
  id: string;
  /** Notifications of one queue follow each other. */
  queue: string;
  runId: string;
  config: StoredPushConfig;
  /** The event that it is about. */
  position: Position;
  /** How often it was tried before. */
  tries: number;
}

export interface DeliveryFailure {
  /** How often it has been tried. */
  tries: number;
  /** In the gateway's own words: nothing that a receiver said, no secret. */
  error: string;
}

export interface DeadLetter extends DeliveryFailure {
  id: string;
  runId: string;
  agentId: string;
  owner: string;
  configId: string;
  target: string;
  position: Position;
  at: number;
}

export interface DeadLetterPage {
  deadLetters: DeadLetter[];
  total: number;
}
