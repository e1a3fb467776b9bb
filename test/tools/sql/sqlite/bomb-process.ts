import { ShopDatabase } from './shop-database.ts';

/** A process of its own, as a gateway is, with a statement under way that never ends: `node bomb-process.ts`. */
const shop = new ShopDatabase();
await shop.query('select 1');
process.stdout.write(`${shop.folder}\n`);
await shop.query('with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n', {
  timeoutMs: 600_000,
});
