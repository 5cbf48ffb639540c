-- Figures, lists and histories.
SELECT 1;
