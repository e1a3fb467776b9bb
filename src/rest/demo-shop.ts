import { Router } from 'express';

/** An order of the demo shop; `total` in `currency`, times in ISO-8601 UTC. */
interface DemoOrder {
  order_id: string;
  customer_id: string;
  status: 'processing' | 'shipped' | 'delivered' | 'cancelled';
  items: { sku: string; name: string; quantity: number; price: number }[];
  total: number;
  currency: 'EUR';
  placed_at: string;
  delivered_at?: string;
}

/** Not a secret: it is printed here so that the sample runs as it is. */
const demoToken = 'demo-shop-token';

const orders: readonly DemoOrder[] = [
  {
    order_id: 'A-1001',
    customer_id: 'C-7',
    status: 'delivered',
    items: [{ sku: 'MUG-1', name: 'Enamel mug', quantity: 2, price: 12.5 }],
    total: 25,
    currency: 'EUR',
    placed_at: '2026-10-02T09:14:00Z',
    delivered_at: '2026-10-06T11:30:00Z',
  },
  {
    order_id: 'A-1002',
    customer_id: 'C-7',
    status: 'shipped',
    items: [
      { sku: 'LAMP-3', name: 'Desk lamp', quantity: 1, price: 49 },
      { sku: 'BULB-3', name: 'Light bulb', quantity: 3, price: 4 },
    ],
    total: 61,
    currency: 'EUR',
    placed_at: '2026-11-18T16:02:00Z',
  },
  {
    order_id: 'A-1003',
    customer_id: 'C-9',
    status: 'cancelled',
    items: [{ sku: 'BAG-2', name: 'Canvas bag', quantity: 1, price: 39.9 }],
    total: 39.9,
    currency: 'EUR',
    placed_at: '2026-11-10T07:45:00Z',
  },
  {
    order_id: '42',
    customer_id: 'C-9',
    status: 'processing',
    items: [{ sku: 'TOWEL-42', name: 'Bath towel', quantity: 1, price: 18 }],
    total: 18,
    currency: 'EUR',
    placed_at: '2026-11-22T12:00:00Z',
  },
];

/**
 * Demo data: the shop behind the order-desk sample, so that its HTTP tool has something to call on a machine
 * without a network. Mounted only while that sample is loaded; nothing of the gateway depends on it.
 *
 * `GET /demo/shop/orders/:orderId` with `Authorization: Bearer demo-shop-token` → 200 with the order, 404 for an
 * unknown one or one of another customer than `X-Customer-Id` names, 401 without the token; errors as `{error: {code, message}}`.
 */
export function demoShop(): Router {
  const router = Router();
  router.get('/demo/shop/orders/:orderId', (request, response) => {
    if (request.get('authorization') !== `Bearer ${demoToken}`) {
      response.set('www-authenticate', 'Bearer').status(401);
      response.json({ error: { code: 'unauthorized', message: 'The demo shop needs its token.' } });
      return;
    }
    const customer = request.get('x-customer-id');
    const order = orders.find(({ order_id }) => order_id === request.params.orderId);
    if (order && (customer === undefined || customer === order.customer_id)) response.json(order);
    else response.status(404).json({ error: { code: 'not_found', message: 'There is no such order.' } });
  });
  return router;
}
