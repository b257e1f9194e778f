-- The history index: what learning and the search for duplicates read. One row per issue or pull request.

-- author: a keyed digest of the login, so that a person's items can be found to be forgotten. writer: person, us, bot.
-- gone: deleted or moved away; the row stays, empty, so that a late delivery does not bring it back.
CREATE TABLE assistant.history (
    repository_id bigint NOT NULL,
    number integer NOT NULL,
    is_pull boolean NOT NULL,
    title text NOT NULL,
    body text NOT NULL,
    state text NOT NULL,
    state_reason text NOT NULL DEFAULT '',
    association text NOT NULL DEFAULT 'NONE',
    writer text NOT NULL DEFAULT 'person',
    author text NOT NULL DEFAULT '',
    labels text[] NOT NULL DEFAULT '{}',
    comments integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    closed_at timestamptz,
    duplicate_of integer,
    comments_read_at timestamptz,
    events_read_at timestamptz,
    gone boolean NOT NULL DEFAULT false,
    PRIMARY KEY (repository_id, number)
);
CREATE INDEX history_author ON assistant.history (author) WHERE author <> '';

-- What happened to labels and marks of duplicates. source: "event:ID" of GitHub's list, or "delivery:GUID".
CREATE TABLE assistant.history_changes (
    position bigint GENERATED ALWAYS AS IDENTITY,
    repository_id bigint NOT NULL,
    number integer NOT NULL,
    source text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('labeled', 'unlabeled', 'marked', 'unmarked')),
    label text NOT NULL DEFAULT '',
    setter text NOT NULL CHECK (setter IN ('person', 'us', 'bot', 'form')),
    at timestamptz NOT NULL,
    PRIMARY KEY (repository_id, number, source)
);

-- How far each repository has been read. claim: who took it last; an older one writes nothing more.
CREATE TABLE assistant.backfills (
    repository_id bigint PRIMARY KEY,
    installation_id bigint,
    full_name text NOT NULL DEFAULT '',
    progress jsonb NOT NULL DEFAULT '{}',
    claim bigint NOT NULL DEFAULT 0,
    claimed_until timestamptz,
    not_before timestamptz,
    requested_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
);
CREATE INDEX backfills_open ON assistant.backfills (requested_at) WHERE finished_at IS NULL;

-- Repositories that have been ours since before this table.
INSERT INTO assistant.backfills (repository_id, installation_id)
SELECT repository_id, installation_id FROM assistant.installed;
