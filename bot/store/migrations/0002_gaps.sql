-- When deliveries could be received, when they could not, and since when each repository has been ours.

CREATE TABLE assistant.liveness (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    alive_until timestamptz NOT NULL
);

CREATE TABLE assistant.gaps (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    begins timestamptz NOT NULL,
    ends timestamptz NOT NULL,
    settled_at timestamptz
);

-- Repositories whose items of that gap have been looked at.
CREATE TABLE assistant.scans (
    gap_id bigint NOT NULL REFERENCES assistant.gaps (id) ON DELETE CASCADE,
    repository_id bigint NOT NULL,
    PRIMARY KEY (gap_id, repository_id)
);

CREATE TABLE assistant.installed (
    repository_id bigint PRIMARY KEY,
    installation_id bigint NOT NULL,
    since timestamptz NOT NULL
);

-- What has sent a delivery was installed by then.
INSERT INTO assistant.installed (repository_id, installation_id, since)
SELECT repository_id, max(installation_id), min(received_at) FROM assistant.deliveries
WHERE repository_id IS NOT NULL AND installation_id IS NOT NULL GROUP BY repository_id;
