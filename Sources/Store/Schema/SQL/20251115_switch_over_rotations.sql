-- A new token is carried to Evolution like a first switch-over, and a second factor may come along with either.

ALTER TABLE hookgate.switch_overs ADD COLUMN IF NOT EXISTS kind text NOT NULL DEFAULT 'switch'
    CHECK (kind IN ('switch', 'rotation'));
-- What stood there when it began, where that was one of our own URLs: what the new settings are made from. `previous`
-- stays what stood there before all of ours.
ALTER TABLE hookgate.switch_overs ADD COLUMN IF NOT EXISTS base text;
ALTER TABLE hookgate.switch_overs ADD COLUMN IF NOT EXISTS base_text text;
-- The second factor before, and digests of those that came instead; null where none came.
ALTER TABLE hookgate.switch_overs ADD COLUMN IF NOT EXISTS factor text;
