SELECT id, total
FROM sales.orders
WHERE state = 'open'
