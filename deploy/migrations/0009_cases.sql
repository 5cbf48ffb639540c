-- The life of a case.
SELECT 1;
