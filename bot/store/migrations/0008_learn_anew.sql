-- What was learned is measured otherwise since 0.1.0: each repository learns anew at the next look. Until then what it
-- has serves on.
UPDATE assistant.learners SET learned_at = NULL, learned_from = 0;
