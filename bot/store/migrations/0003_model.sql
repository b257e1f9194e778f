-- What is learned about model endpoints, and answers that need not be asked for again.

-- level: NULL while only other things are known
ALTER TABLE assistant.endpoints ALTER COLUMN level DROP NOT NULL;
ALTER TABLE assistant.endpoints ADD COLUMN context integer;
ALTER TABLE assistant.endpoints ADD COLUMN chars_per_token double precision;
ALTER TABLE assistant.endpoints ADD COLUMN quirks text[] NOT NULL DEFAULT '{}';

-- key: digest of repository, prompt, version and inputs, and the model
CREATE TABLE assistant.answers (
    key text PRIMARY KEY,
    repository_id bigint NOT NULL,
    model text NOT NULL,
    prompt text NOT NULL,
    data jsonb NOT NULL,
    cut text[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX answers_repository ON assistant.answers (repository_id);
CREATE INDEX answers_created ON assistant.answers (created_at);
