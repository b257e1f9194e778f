-- A write slot of an installation: how many seconds until it may write again; 0 takes a slot now. The lock is the
-- installation's own, so that two processes cannot share the last slot; each statement of a function sees what was
-- committed when it began, so that the count comes after the lock. Its plans are kept, unlike those of a bare statement.
CREATE FUNCTION assistant.take_write(installation bigint, per_hour integer, per_minute integer, burst integer)
RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
    free_at timestamptz;
    seconds float8;
BEGIN
    PERFORM pg_advisory_xact_lock(17, (installation % 2147483648)::integer);
    WITH recent AS (
        SELECT at FROM assistant.content_writes
        WHERE installation_id = installation AND at > clock_timestamp() - interval '1 hour'
    )
    SELECT greatest(
        (SELECT at + interval '1 hour' FROM recent ORDER BY at DESC OFFSET per_hour - 1 LIMIT 1),
        (SELECT at + interval '1 minute' FROM recent ORDER BY at DESC OFFSET per_minute - 1 LIMIT 1),
        (SELECT max(at) + interval '1 second' FROM recent
         HAVING count(*) FILTER (WHERE at > clock_timestamp() - interval '1 minute') >= burst)
    ) INTO free_at;
    seconds := greatest(0, extract(epoch FROM coalesce(free_at, clock_timestamp()) - clock_timestamp()));
    IF seconds = 0 THEN
        INSERT INTO assistant.content_writes VALUES (installation, clock_timestamp());
    END IF;
    RETURN seconds;
END
$$;
