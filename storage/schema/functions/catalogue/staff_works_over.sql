-- staff_works_over: is this member at work all that time, when stretches are put together (windows
-- that touch, nights, extra hours)? A function of its own, as salon_open_over is.
-- in:  staff, the local day on which it begins, the salon's zone, during      out: yes or no
CREATE OR REPLACE FUNCTION staff_works_over(staff bigint, day date, zone text, during tstzrange)
    RETURNS boolean
    LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT f.works FROM staff_fitness(staff, day, zone, during) f);
END $$;
