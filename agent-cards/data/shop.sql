-- The demo shop behind the order-desk sample. Comments behind columns are told to the model.

CREATE TABLE customers (
  id TEXT PRIMARY KEY,
  name TEXT,
  city TEXT,
  email TEXT,
  password_hash TEXT,
  credit_card TEXT
);

CREATE TABLE products (
  sku TEXT PRIMARY KEY,
  name TEXT,
  price REAL, -- EUR
  stock INTEGER, -- pieces
  purchase_price REAL -- EUR, not for customers
);

CREATE TABLE orders (
  id TEXT PRIMARY KEY, -- the order number
  customer_id TEXT REFERENCES customers (id),
  status TEXT, -- processing, shipped, delivered or cancelled
  placed_at TEXT, -- ISO-8601, UTC
  delivered_at TEXT, -- ISO-8601, UTC
  total REAL, -- EUR
  internal_note TEXT
);

CREATE TABLE order_items (
  order_id TEXT REFERENCES orders (id),
  customer_id TEXT REFERENCES customers (id),
  sku TEXT REFERENCES products (sku),
  quantity INTEGER,
  price REAL -- EUR, of one piece
);

CREATE TABLE employees (
  name TEXT,
  salary INTEGER
);

INSERT INTO customers VALUES
  ('C-7', 'Ada Lovelace', 'London', 'ada@shop.example', 'not-a-real-hash-7', '4111 1111 1111 1111'),
  ('C-9', 'Charles Babbage', 'Totnes', 'charles@shop.example', 'not-a-real-hash-9', '4000 0000 0000 0002');

INSERT INTO products VALUES
  ('MUG-1', 'Enamel mug', 12.5, 140, 4.1),
  ('LAMP-3', 'Desk lamp', 49, 12, 21),
  ('BULB-3', 'Light bulb', 4, 900, 0.8),
  ('BAG-2', 'Canvas bag', 39.9, 0, 17.5),
  ('TOWEL-42', 'Bath towel', 18, 42, 6.2);

INSERT INTO orders VALUES
  ('A-1001', 'C-7', 'delivered', '2026-10-02T09:14:00Z', '2026-10-06T11:30:00Z', 25, 'pays late'),
  ('A-1002', 'C-7', 'shipped', '2026-11-18T16:02:00Z', NULL, 61, NULL),
  ('A-1003', 'C-9', 'cancelled', '2026-11-10T07:45:00Z', NULL, 39.9, 'asked for a discount'),
  ('42', 'C-9', 'processing', '2026-11-22T12:00:00Z', NULL, 18, NULL);

INSERT INTO order_items VALUES
  ('A-1001', 'C-7', 'MUG-1', 2, 12.5),
  ('A-1002', 'C-7', 'LAMP-3', 1, 49),
  ('A-1002', 'C-7', 'BULB-3', 3, 4),
  ('A-1003', 'C-9', 'BAG-2', 1, 39.9),
  ('42', 'C-9', 'TOWEL-42', 1, 18);

INSERT INTO employees VALUES ('Grace', 5200);
