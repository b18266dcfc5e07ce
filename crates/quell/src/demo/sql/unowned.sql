-- Reasons that belong to nobody and have contacts. What no rule knows can belong to nobody.
SELECT DISTINCT reasons.reason
FROM reasons
JOIN reason_daily ON reason_daily.reason = reasons.reason
WHERE reasons.owner = 'unowned' AND reasons.reason <> 'unclassified'
ORDER BY reasons.reason
