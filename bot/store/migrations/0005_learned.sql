-- What people say about our work, and what was learned from a repository's history.

-- subject: the label that was meant, or the number of the other item; empty for all that the capability said there.
-- actor: a keyed digest of the login, as in the history. source: "comment:ID" or "reaction:ID" of GitHub.
CREATE TABLE assistant.feedback (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    repository_id bigint NOT NULL,
    number integer NOT NULL,
    capability text NOT NULL,
    subject text NOT NULL DEFAULT '',
    verdict text NOT NULL CHECK (verdict IN ('wrong', 'right')),
    actor text NOT NULL,
    source text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (repository_id, number, source, capability, subject)
);
CREATE INDEX feedback_actor ON assistant.feedback (actor);

-- Which repositories may share what they taught: those of one installation that anybody may read.
-- private: unless GitHub's API said otherwise since a delivery did; learned_from: how many labelled items the last training saw here, and when.
CREATE TABLE assistant.learners (
    repository_id bigint PRIMARY KEY,
    installation_id bigint NOT NULL,
    private boolean NOT NULL,
    learned_from integer NOT NULL DEFAULT 0,
    learned_at timestamptz,
    backfill_at timestamptz
);
CREATE INDEX learners_installation ON assistant.learners (installation_id);

-- What was learned. repository_ids: all whose texts are in it; serves: those that it answers for.
-- digest: sha256 of model.
CREATE TABLE assistant.learned (
    version bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    installation_id bigint NOT NULL,
    repository_ids bigint[] NOT NULL,
    serves bigint[] NOT NULL,
    format text NOT NULL,
    model bytea NOT NULL,
    digest text NOT NULL,
    trained_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX learned_serves ON assistant.learned USING gin (serves);
ALTER TABLE assistant.learned ALTER COLUMN model SET STORAGE EXTERNAL;

-- Our own labels, of which people's opinion is looked up again and again.
CREATE INDEX history_changes_ours ON assistant.history_changes (repository_id, at)
WHERE setter = 'us' AND kind = 'labeled';
