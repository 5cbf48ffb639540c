-- Addresses, attempts and budgets of notices.
SELECT 1;
