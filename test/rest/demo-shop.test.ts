import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import express from 'express';
import { demoShop } from '../../src/rest/demo-shop.ts';

describe('the demo shop', () => {
  let server: Server;
  let base = '';
  const authorized = { headers: { authorization: 'Bearer demo-shop-token' } };

  beforeAll(async () => {
    await new Promise<void>((resolve) => {
      server = express()
        .use(demoShop())
        .listen(0, '127.0.0.1', () => resolve());
    });
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/demo/shop/orders`;
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  test.each(['A-1001', 'A-1002', '42'])('answers with order %s', async (id) => {
    const response = await fetch(`${base}/${id}`, authorized);
    expect(response.status).toBe(200);
    const order = (await response.json()) as Record<string, unknown>;
    expect(order).toMatchObject({ order_id: id, currency: 'EUR', customer_id: expect.any(String) });
    const items = order['items'] as { quantity: number; price: number }[];
    expect(order['total']).toBeCloseTo(items.reduce((sum, item) => sum + item.quantity * item.price, 0));
  });

  test("does not know another customer's orders where the caller names the customer", async () => {
    const asked = async (customer: string) =>
      await fetch(`${base}/A-1002`, { headers: { ...authorized.headers, 'X-Customer-Id': customer } });
    expect((await asked('C-7')).status).toBe(200);
    expect((await asked('C-9')).status).toBe(404);
  });

  test('does not know other orders', async () => {
    const response = await fetch(`${base}/A-9999`, authorized);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { code: 'not_found' } });
  });

  test.each([{}, { headers: { authorization: 'Bearer other' } }])('needs its token', async (init) => {
    const response = await fetch(`${base}/A-1001`, init);
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ error: { code: 'unauthorized' } });
  });
});
