-- The services find rows by key, a handful of statements for ever. Plans made anew for each array of parameters took a
-- third of a turn's time, and a plan made while a table was empty would read it from end to end later: so plans are
-- made once, and by index.
DO $$
DECLARE
	service text;
BEGIN
	FOREACH service IN ARRAY ARRAY['intake', 'router', 'notifier'] LOOP
		EXECUTE format('ALTER ROLE %I SET plan_cache_mode = force_generic_plan', service);
		EXECUTE format('ALTER ROLE %I SET enable_seqscan = off', service);
	END LOOP;
END
$$;
