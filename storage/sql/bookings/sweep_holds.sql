-- bookings_sweep_holds: writes down which holds have run out, those first that did so first.
-- in:  $1 at most int4          out: how many int8
SELECT holds_sweep($1::integer);
