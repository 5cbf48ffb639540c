-- What the operator and holders of API keys may do.
SELECT 1;
