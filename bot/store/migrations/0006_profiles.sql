-- What issues and pull requests are compared by: vectors of their terms, the terms' postings, what weighs them.

-- profiled: the generation (of assistant.profiling) in which the present text was profiled; 0: not yet.
ALTER TABLE assistant.history ADD COLUMN profiled integer NOT NULL DEFAULT 0;
CREATE INDEX history_profiled ON assistant.history (repository_id, profiled) WHERE NOT gone;
CREATE INDEX history_duplicates ON assistant.history (repository_id, duplicate_of) WHERE duplicate_of IS NOT NULL;

-- What was learned from a repository as a whole. analysis: the version of the code that did it. reports: how many the
-- statistics rest on; items: how many there were then. bar: the strength that a claim of a duplicate needs, NULL
-- while none is earned; marked: the known duplicates when that was last asked.
CREATE TABLE assistant.profiling (
    repository_id bigint PRIMARY KEY,
    generation integer NOT NULL DEFAULT 0,
    analysis text NOT NULL DEFAULT '',
    reports integer NOT NULL DEFAULT 0,
    items integer NOT NULL DEFAULT 0,
    lengths jsonb NOT NULL DEFAULT '{}',
    dimensions integer NOT NULL DEFAULT 0,
    bar double precision,
    marked integer NOT NULL DEFAULT 0,
    not_before timestamptz
);

-- Terms by number. aspect: its place in the code's list. direction: the term's latent one, single precision.
CREATE TABLE assistant.frequencies (
    repository_id bigint NOT NULL,
    aspect smallint NOT NULL,
    term integer NOT NULL,
    reports integer NOT NULL,
    direction bytea,
    PRIMARY KEY (repository_id, aspect, term)
);
ALTER TABLE assistant.frequencies ALTER COLUMN direction SET STORAGE PLAIN;

-- terms, weights: what stands in the postings. dense: a latent vector, comparable within its generation only.
CREATE TABLE assistant.profiles (
    repository_id bigint NOT NULL,
    number integer NOT NULL,
    generation integer NOT NULL,
    is_pull boolean NOT NULL,
    aspects bytea NOT NULL,
    dense bytea NOT NULL,
    terms integer[] NOT NULL,
    weights real[] NOT NULL,
    PRIMARY KEY (repository_id, number)
) WITH (toast_tuple_target = 8160);
-- Single precision does not compress, and a look-up reads whole rows.
ALTER TABLE assistant.profiles ALTER COLUMN aspects SET STORAGE EXTERNAL;
ALTER TABLE assistant.profiles ALTER COLUMN dense SET STORAGE EXTERNAL;

CREATE TABLE assistant.postings (
    repository_id bigint NOT NULL,
    term integer NOT NULL,
    weight real NOT NULL,
    number integer NOT NULL
);
-- Heaviest first; holds all that a look-up reads.
CREATE UNIQUE INDEX postings_heaviest ON assistant.postings (repository_id, term, weight DESC, number);

-- An endpoint's vectors need pgvector. Asked by the start of a service that has such an endpoint: whether they can be
-- kept. The extension may be missing, or be installed later.
CREATE FUNCTION assistant.make_embeddings() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF to_regclass('assistant.embeddings') IS NOT NULL THEN
        RETURN true;
    END IF;
    CREATE EXTENSION IF NOT EXISTS vector;
    -- No dimension: every model has its own.
    CREATE TABLE IF NOT EXISTS assistant.embeddings (
        repository_id bigint NOT NULL,
        number integer NOT NULL,
        model text NOT NULL,
        embedding vector NOT NULL,
        PRIMARY KEY (repository_id, number),
        FOREIGN KEY (repository_id, number) REFERENCES assistant.profiles ON DELETE CASCADE
    );
    RETURN true;
EXCEPTION WHEN feature_not_supported OR undefined_file OR insufficient_privilege OR undefined_object THEN
    RETURN false;
END $$;
