-- Which token an event on the token route came on, by what its sender says: SHA-256 of the one in the URL that it was
-- posted to. Null where it does not say, and of events from before. It tells an event on a new token from one that was
-- under way on the token before.
ALTER TABLE hookgate.events ADD COLUMN IF NOT EXISTS token_digest bytea;
