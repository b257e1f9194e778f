-- Deliveries as they came, what was decided, what was done, and what must be remembered of each thread.

CREATE SCHEMA IF NOT EXISTS assistant;

CREATE TABLE assistant.secrets (
    name text PRIMARY KEY,
    value bytea NOT NULL
);

-- body: the raw request, zlib (jsonb refuses \u0000, lone surrogates and NaN)
CREATE TABLE assistant.deliveries (
    guid text PRIMARY KEY,
    position bigint GENERATED ALWAYS AS IDENTITY,
    event text NOT NULL,
    action text,
    installation_id bigint,
    repository_id bigint,
    number integer,
    item_key text COLLATE "C",
    body bytea NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    state text NOT NULL CHECK (state IN ('queued', 'done', 'failed', 'ignored')),
    reason text NOT NULL DEFAULT '',
    attempts integer NOT NULL DEFAULT 0,
    not_before timestamptz,
    decided_at timestamptz,
    finished_at timestamptz
);
CREATE INDEX deliveries_waiting ON assistant.deliveries (item_key, position) WHERE state = 'queued';
-- Rows come in the order of time, so that a summary per block range is enough and costs nothing to keep.
CREATE INDEX deliveries_received ON assistant.deliveries USING brin (received_at);
-- Bodies are compressed already.
ALTER TABLE assistant.deliveries ALTER COLUMN body SET STORAGE EXTERNAL;

-- One row per capability and delivery: facts digest, method, plan, the gate's verdicts.
CREATE TABLE assistant.decisions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    guid text NOT NULL,
    capability text NOT NULL,
    repository_id bigint NOT NULL,
    number integer NOT NULL,
    author text NOT NULL DEFAULT '',
    event text NOT NULL,
    facts_digest text NOT NULL,
    outcome text NOT NULL,
    evidence jsonb NOT NULL DEFAULT '[]',
    method text NOT NULL DEFAULT '',
    confidence double precision,
    tokens integer NOT NULL DEFAULT 0,
    plan jsonb NOT NULL DEFAULT '[]',
    verdicts jsonb NOT NULL DEFAULT '[]',
    acted boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (guid, capability)
);
CREATE INDEX decisions_thread ON assistant.decisions (repository_id, number, id);
CREATE INDEX decisions_created ON assistant.decisions (created_at);

-- A write to GitHub: announced (pending) before it is sent, done after the answer.
CREATE TABLE assistant.effects (
    key text PRIMARY KEY,
    guid text NOT NULL,
    repository_id bigint NOT NULL,
    number integer NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'done')),
    target_id bigint,
    detail jsonb NOT NULL DEFAULT '{}',
    begun_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
);
CREATE INDEX effects_thread ON assistant.effects (repository_id, number);

CREATE TABLE assistant.threads (
    repository_id bigint NOT NULL,
    number integer NOT NULL,
    comment_id bigint,
    sections jsonb NOT NULL DEFAULT '{}',
    silenced boolean NOT NULL DEFAULT false,
    PRIMARY KEY (repository_id, number)
);

-- The newest claim of an item; a worker whose claim is not the newest writes nothing.
CREATE TABLE assistant.claims (
    item_key text PRIMARY KEY,
    epoch bigint NOT NULL DEFAULT 1
);

CREATE TABLE assistant.backoffs (
    scope text PRIMARY KEY,
    until timestamptz NOT NULL,
    reason text NOT NULL
);

CREATE TABLE assistant.content_writes (
    installation_id bigint NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX content_writes_recent ON assistant.content_writes (installation_id, at);

-- Counters per scope and UTC day: events per author, tokens per repository.
CREATE TABLE assistant.budgets (
    scope text NOT NULL,
    day date NOT NULL,
    used bigint NOT NULL,
    PRIMARY KEY (scope, day)
);

-- The last configuration that could be used, and the broken one that was reported.
CREATE TABLE assistant.configurations (
    repository_id bigint PRIMARY KEY,
    good_text text,
    noticed_digest text
);

-- What an endpoint can do, learned once.
CREATE TABLE assistant.endpoints (
    name text PRIMARY KEY,
    level text NOT NULL,
    learned_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE assistant.progress (
    name text PRIMARY KEY,
    value jsonb NOT NULL
);
