-- Orders and their value for each region.
select region, count(*) as orders, sum(amount) as amount
from sales.orders
group by region
