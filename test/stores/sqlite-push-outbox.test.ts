import { Feed } from '../../src/runs/feed.ts';
import { openDatabase } from '../../src/stores/sqlite/database.ts';
import { SqlitePushOutbox } from '../../src/stores/sqlite/push-outbox.ts';
import { PushRows } from '../../src/stores/sqlite/push-rows.ts';
import { SqliteRunLog } from '../../src/stores/sqlite/run-log.ts';
import { describePushOutbox } from './push-outbox-contract.ts';
import type { OpenedOutbox } from './push-samples.ts';
import { temporaryFolder } from './sqlite-data.ts';

function openOutbox(folder: string): Pick<OpenedOutbox, 'log' | 'outbox'> {
  const database = openDatabase(folder);
  const rows = new PushRows(database);
  return { log: new SqliteRunLog(database, new Feed(), rows), outbox: new SqlitePushOutbox(database, rows) };
}

describePushOutbox('SQLite in a file', async () => {
  const { folder, remove } = await temporaryFolder();
  const opened: OpenedOutbox = {
    ...openOutbox(folder),
    reopen: async () => {
      await opened.log.close();
      Object.assign(opened, openOutbox(folder));
    },
    close: async () => {
      await opened.log.close();
      await remove();
    },
  };
  return opened;
});
