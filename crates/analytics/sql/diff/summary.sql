-- What no cell can say. A chain counts where one of its contacts is compared.
WITH of_a AS (
    SELECT count(DISTINCT c.chain_root) AS chains, count(*) AS contacts
    FROM chains_a AS s
    JOIN contacts_a AS c ON c.chain_root = s.chain_root
),
of_b AS (
    SELECT count(DISTINCT c.chain_root) AS chains, count(*) AS contacts
    FROM chains_b AS s
    JOIN contacts_b AS c ON c.chain_root = s.chain_root
)
SELECT
    (SELECT max(currency) FROM costs) AS currency,
    a.chains AS chains_a,
    b.chains AS chains_b,
    a.contacts AS chained_a,
    b.contacts AS chained_b
FROM of_a AS a
CROSS JOIN of_b AS b
