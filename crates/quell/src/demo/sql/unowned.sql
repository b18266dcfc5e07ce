-- Reasons that belong to nobody and have contacts. What no rule knows can belong to nobody.
SELECT reasons.reason
FROM reasons
JOIN reason_daily ON reason_daily.reason = reasons.reason
WHERE reasons.owner IS NULL AND reasons.reason <> 'unclassified'
GROUP BY reasons.reason
ORDER BY reasons.reason
