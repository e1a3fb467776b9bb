import { afterEach, beforeEach, describe } from '@jest/globals';
import type { RunLog } from '../../src/runs/log.ts';
import { describeIdempotency } from './run-log-idempotency.ts';
import { describeLives, describeRetention } from './run-log-lives.ts';
import { describeHistory, describeLists } from './run-log-lists.ts';
import { describeReading } from './run-log-reading.ts';
import { describeWriting } from './run-log-writing.ts';

/** A run log under test. */
export interface OpenedLog {
  log: RunLog;
  /** Closes the log and opens another one on the same data: a new life. Absent: nothing survives. */
  reopen?: () => Promise<RunLog>;
  close: () => Promise<void>;
}

/** What the tests of one topic are given: the log that was opened for the test that runs. */
export interface Subject {
  log: () => RunLog;
  reopen: () => Promise<RunLog>;
}

/** Every promise of the RunLog port: each adapter runs this suite. */
export function describeRunLog(
  name: string,
  open: () => Promise<OpenedLog>,
  { survives }: { survives: boolean } = { survives: true },
): void {
  describe(name, () => {
    let opened: OpenedLog;
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(async () => {
      await opened.close();
    });
    const subject: Subject = {
      log: () => opened.log,
      reopen: async () => {
        if (!opened.reopen) throw new Error('Nothing of this log survives.');
        return await opened.reopen();
      },
    };
    describeWriting(subject);
    describeReading(subject);
    describeIdempotency(subject);
    describeLists(subject);
    describeHistory(subject);
    describeRetention(subject);
    if (survives) describeLives(subject);
  });
}
