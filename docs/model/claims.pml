/* docs/model/claims.pml - how a time of a member of staff is claimed, moved and freed.
 *
 * Two servers, the sweeper of holds, and one Postgres at READ COMMITTED: what each statement sees, what
 * it locks and waits for, what a crash leaves. An atomic or d_step is one statement, or the part of a
 * statement between two places where it may have to wait; between them everybody else may run, and
 * anybody may die. README.md has the SQL beside each step, what is left out, and how to run this and read
 * a trail.
 *
 * There are two members of staff with two slots each. A claim is a set of bits, so that two claims
 * overlap when they share one: a short service takes a slot, a long one both slots of its member.
 *
 *          staff 0         staff 1
 *       slot 0  slot 1   slot 0  slot 1
 *         1       2        4       8
 *
 * With -DROOMS some services need the one room besides, which has the same slots (16, 32); with -DVISITS
 * there are requests for a service by each member, all or nothing.
 *
 * Protection is taken out with -D, to see that the model notices:
 *   NO_LOCK            staff rows are not locked
 *   NO_LOCK_ORDER      ... are locked in any order
 *   UNLOCK_EARLY       ... are free before the commit can be seen
 *   CHECK_BEFORE_LOCK  clashes are looked for before the locks, and not again
 *   NO_CONSTRAINT      there is no exclusion constraint
 *   NO_CAS             a move does not ask whether the booking is still as it was when it was judged
 *   NO_ROOM_LOCK       rooms are not locked
 *   NO_LAZY_EXPIRY     a creation leaves holds past their time to the sweeper
 *   NO_LAST_LOOK       ... does not look whether all that it wanted to expire has gone
 *   NO_SWEEPER         there is no sweeper
 *   SPLIT_RESCHEDULE   the old time is freed in a transaction of its own, before the new one is claimed
 *   SPLIT_VISIT        each of its bookings is made in a transaction of its own
 *   ANSWER_EARLY       the client is told before the commit
 *   ASYNC_COMMIT       a commit is seen, and told, before it is on disk (synchronous_commit = off)
 * And these change what is asked:
 *   DETECTOR           Postgres' deadlock detector ends circles of waiters (else a circle is an error)
 *   ONLY_CONFIRM       clients ask for nothing else
 *   ONLY_SHORT         nobody wishes a long service
 *   FIND_WAIT          a write that waits at the constraint is an "error": its trail is the example
 *
 * Each property is one assert, named by the comment behind it: tests/model/run.py reads from here which
 * one a variant has violated. */

#ifndef ROUNDS_A
#define ROUNDS_A 1 /* requests that the first server gets, one after the other */
#endif
#ifndef ROUNDS_B
#define ROUNDS_B 1
#endif
#ifndef CRASHES
#define CRASHES 1 /* of a server or of the database, in one run */
#endif
#define CLOCK_MAX 1 /* how far the database's clock goes, in lengths of a hold */

#define ROWS 3
#define NO_ROW ROWS

/* The status of a row. BOOKED stands for pending and confirmed, which claim alike. */
#define NONE 0
#define HELD 1
#define BOOKED 2
#define CANCELLED 3
#define EXPIRED 4

/* What a client asks for. */
#define CREATE 1 /* with `to` HELD: a hold */
#define CONFIRM 2
#define CANCEL 3
#define RESCHEDULE 4
#define VISIT 5 /* two creations in one, one of each member */

/* Whose transaction: each of these has at most one. The numbers are those of the processes. */
#define NOBODY 0
#define SERVER_A 1
#define SERVER_B 2
#define SWEEPER 3
#define me _pid

#define STAFF_0 3
#define STAFF_1 12
#define STAFF 15
#define THE_ROOM 48
#define staff_of(claim) (((claim) & STAFF_1) != 0)
#define is_long(claim) (((claim) & STAFF) == STAFF_0 || ((claim) & STAFF) == STAFF_1)
#define in_room(claim) (((claim) & THE_ROOM) != 0)
#define room_for(claim) ((((claim) & STAFF_0) << 4) | (((claim) & STAFF_1) << 2)) /* at the same time */

/* Something, and of one member only: no time at all is no claim, nor are two times at once. */
#define one_member(claim) ((((claim) & STAFF_0) == 0) != (((claim) & STAFF_1) == 0))
#define whole(claim) (one_member(claim) && (!in_room(claim) || ((claim) & THE_ROOM) == room_for(claim)))

typedef booking {
    unsigned status : 3;
    unsigned claim : 6;
    unsigned version : 3;
    unsigned hold_until : 2;
    unsigned judged : 3 /* in `written`: the version that the move was decided on */
}

booking stored[ROWS];  /* what is committed, and so what a statement sees */
booking written[ROWS]; /* what the transaction `writer`, still open, has made of the row */
byte writer[ROWS];     /* who holds the row's lock; NOBODY: `written` is blank */
byte locked[3];        /* who holds the lock of that staff row; 2: of the room's */
byte waits[4];         /* for whose transaction that one waits to end */
bool open[4];          /* a transaction is open */
bool killed[4];        /* a crash has rolled it back, and its owner has not noticed yet */
bool told[ROWS];       /* a client was told that it exists */
#ifdef VISITS
bool pair[ROWS]; /* made for a visit */
#endif
#ifdef ASYNC_COMMIT
booking on_disk[ROWS]; /* what a crash of the database leaves of `stored` */
#endif
byte clock; /* the database's: no other one decides about holds */
byte crashes = CRASHES;
byte i, j; /* for the loops inside a d_step */

/* Who was killed does nothing until it has noticed, so it may as well notice at once. */
#define quiet (!killed[SERVER_A] && !killed[SERVER_B] && !killed[SWEEPER])

/* --- the properties of what is committed ------------------------------------------------------------- */

#define active(row) (row.status == HELD || row.status == BOOKED)
#define overlap(a, b) (active(stored[a]) && active(stored[b]) && (stored[a].claim & stored[b].claim) != 0)
#define lost(r) (told[r] && stored[r].status == NONE)
#define visit_has(r) (pair[r] && stored[r].status != NONE) /* the rows 1 and 2, if there is one: 0 is there before */

/* HELD to HELD and BOOKED to BOOKED are reschedules. */
#define legal(from, to) ((from == NONE && (to == HELD || to == BOOKED)) || (from == HELD && to != NONE) || \
    (from == BOOKED && (to == BOOKED || to == CANCELLED)))
#define won_twice(from, to) ((from == BOOKED && to == EXPIRED) || (from == EXPIRED && to == BOOKED))
#define same_length(r) (!active(written[r]) || is_long(stored[r].claim) == is_long(written[r].claim))

inline check_move(r)
{
    assert(!won_twice(stored[r].status, written[r].status)); /* of a confirm and an expiry one wins */
    assert(stored[r].version == written[r].judged); /* one move from each version */
    assert(legal(stored[r].status, written[r].status)); /* only moves that the states allow */
    assert(!active(written[r]) || whole(written[r].claim)); /* one time, never both or none */
    assert(!active(stored[r]) || same_length(r)); /* as much time as the service takes */
}

inline check_guarantee()
{
    assert(!overlap(0, 1) && !overlap(0, 2) && !overlap(1, 2)); /* no two claims on a time */
#ifdef VISITS
    assert(visit_has(1) == visit_has(2)); /* all of a visit or nothing */
#endif
}

inline check_promises()
{
    assert(!lost(0) && !lost(1) && !lost(2)); /* what a client was told of is there */
}

/* --- the database: transactions ---------------------------------------------------------------------- */

inline unlock_staff(who)
{
    if
    :: locked[0] == who -> locked[0] = NOBODY
    :: else
    fi;
    if
    :: locked[1] == who -> locked[1] = NOBODY
    :: else
    fi;
    if
    :: locked[2] == who -> locked[2] = NOBODY
    :: else
    fi
}

inline wake_waiters(who)
{
    for (i : 1 .. 3) {
        if
        :: waits[i] == who -> waits[i] = NOBODY
        :: else
        fi
    }
    i = 0
}

/* A transaction is over, well or not: its locks go, and who waited for it tries again. */
inline let_go(who)
{
    for (i : 0 .. ROWS - 1) {
        if
        :: writer[i] == who ->
            writer[i] = NOBODY;
            written[i].status = NONE;
            written[i].claim = 0;
            written[i].version = 0;
            written[i].hold_until = 0;
            written[i].judged = 0;
#ifdef VISITS
            pair[i] = pair[i] && stored[i].status != NONE
#endif
        :: else
        fi
    }
    unlock_staff(who);
    wake_waiters(who);
    waits[who] = NOBODY;
    open[who] = false
}

/* What it wrote becomes what everybody sees. It is on disk by then; the two are one step, because a crash
 * of the database between them has the outcome of one before or after both. */
inline publish(who)
{
    for (i : 0 .. ROWS - 1) {
        if
        :: writer[i] == who ->
            check_move(i);
            stored[i].status = written[i].status;
            stored[i].claim = (active(written[i]) -> written[i].claim : 0); /* nobody asks any more */
            stored[i].version = written[i].version;
            stored[i].hold_until = (written[i].status == HELD -> written[i].hold_until : 0);
            printf("commits row %d: status %d, claim %d, version %d\n", i, stored[i].status,
                stored[i].claim, stored[i].version)
        :: else
        fi
    }
}

inline commit(who)
{
#ifdef UNLOCK_EARLY
    d_step { unlock_staff(who); wake_waiters(who) };
#endif
    d_step { publish(who); let_go(who); check_guarantee(); check_promises() }
}

/* --- the database: waiting --------------------------------------------------------------------------- */

#define in_circle(who) (waits[who] != NOBODY && \
    (waits[waits[who]] == who || (waits[waits[who]] != NOBODY && waits[waits[waits[who]]] == who)))

inline wait_for(who)
{
    waits[me] = who;
    printf("waits for %d\n", waits[me]);
#ifndef DETECTOR
    assert(!in_circle(me)); /* nobody waits in a circle */
#endif
}

/* Until the transaction that was in the way has ended; then the statement goes on where it was, with
 * another look at what it waited for. */
inline sleep()
{
    if
    :: waits[me] == NOBODY
#ifdef DETECTOR
    :: in_circle(me) -> printf("40P01: is the victim\n"); goto failed
#endif
    fi
}

/* --- the database: statements ------------------------------------------------------------------------ */

/* The version of a row that the transaction leaves when it commits; it holds the row's lock from now. */
inline write(r, to_status, to_claim, to_hold, from_version)
{
    writer[r] = me;
    written[r].status = to_status;
    written[r].claim = to_claim;
    written[r].version = stored[r].version + 1;
    written[r].hold_until = to_hold;
    written[r].judged = from_version;
    printf("writes row %d: status %d, claim %d\n", r, written[r].status, written[r].claim)
}

/* SELECT FROM catalogue_staff WHERE id IN (need) ORDER BY id FOR NO KEY UPDATE, one row after the other; then
 * the same of catalogue_room */
inline lock_staff()
{
#ifndef NO_LOCK
    do
    :: atomic {
        if
        :: (need & 1) != 0 -> s = 0
#ifdef NO_LOCK_ORDER
        :: (need & 2) != 0 -> s = 1
        :: (need & 4) != 0 -> s = 2
#else
        :: (need & 3) == 2 -> s = 1
        :: need == 4 -> s = 2
#endif
        fi;
        d_step {
            if
            :: locked[s] == NOBODY ->
                locked[s] = me;
                need = need & ~(1 << s);
                printf("locks staff (2: room) %d\n", s)
            :: else -> wait_for(locked[s])
            fi;
            s = 0
        };
        if
        :: need == 0 -> break
        :: else -> sleep()
        fi
    }
    od
#else
    need = 0
#endif
}

#define past_hold(r) (stored[r].status == HELD && stored[r].hold_until <= now)

/* A row of UPDATE ... SET status = 'expired' WHERE claimed && wanted AND status = 'held' AND
 * hold_expires_at <= now(). One that somebody else is changing is waited for, and then looked at anew. */
inline expire_one(r)
{
    do
    :: atomic {
        d_step {
            if
            :: r != b && past_hold(r) && (stored[r].claim & wish) != 0 && writer[r] != me ->
                if
                :: writer[r] == NOBODY -> write(r, EXPIRED, 0, 0, stored[r].version)
                :: else -> wait_for(writer[r])
                fi
            :: else
            fi
        };
        if
        :: waits[me] == NOBODY -> break
        :: else -> sleep()
        fi
    }
    od
}

inline expire_in_the_way()
{
#ifndef NO_LAZY_EXPIRY
    expire_one(0);
    expire_one(1);
    expire_one(2)
#else
    skip
#endif
}

/* A check that tells holds past their time from the rest: they are nobody's. */
#define clash_seen(r, part) (r != b && active(stored[r]) && !past_hold(r) && (stored[r].claim & (part)) != 0)
#define clashes_seen(part) (clash_seen(0, part) || clash_seen(1, part) || clash_seen(2, part))

/* A check for which all that is active counts, as it will for the constraint, but for what this transaction
 * has expired. */
#define clash_left(r, part) \
    (r != b && active(stored[r]) && (stored[r].claim & (part)) != 0 && writer[r] != me)
#define clashes_left(part) (clash_left(0, part) || clash_left(1, part) || clash_left(2, part))
#define dead_wood(r) (clash_left(r, wish) && past_hold(r))

/* Whom of the members that are wished for it leaves; nobody, when the room or one of a visit is taken. */
#define left_by(clashes) \
    ((clashes(wish & THE_ROOM) || (op == VISIT && clashes(wish))) -> 0 : (wish & THE_ROOM) | \
        (clashes(wish & STAFF_0) -> 0 : wish & STAFF_0) | (clashes(wish & STAFF_1) -> 0 : wish & STAFF_1))

/* Without the locks as they should be, the constraint is what refuses; with them it never has to. */
#if defined(NO_LOCK) || defined(CHECK_BEFORE_LOCK) || defined(UNLOCK_EARLY) || defined(NO_ROOM_LOCK)
#define backstop true
#else
#define backstop false
#endif

/* `wish` keeps one of the members who are free. (Not the least loaded one: any may be.) */
inline choose()
{
    if
    :: op != VISIT && (wish & STAFF_0) != 0 -> wish = wish & (STAFF_0 | THE_ROOM)
    :: op != VISIT && (wish & STAFF_1) != 0 -> wish = wish & (STAFF_1 | THE_ROOM)
    :: op == VISIT && (wish & STAFF) != 0
    :: (wish & STAFF) == 0 -> fine = false; goto ending /* slot_taken; what was expired stays so */
    fi
}

/* A creation, behind its locks: who is free, apart from holds that will be expired? */
inline check_creation()
{
#ifndef CHECK_BEFORE_LOCK
    atomic {
        d_step {
            wish = left_by(clashes_seen);
            printf("checks again: %d is free\n", wish)
        };
        choose()
    }
#else
    atomic { choose() }
#endif
}

/* A creation, after it has expired what was in its way: one of them may have been confirmed meanwhile. Then it
 * raises an error, as the constraint would. */
inline last_look()
{
#if !defined(CHECK_BEFORE_LOCK) && !defined(NO_LAST_LOOK)
    atomic {
        assert(backstop || !(dead_wood(0) || dead_wood(1) || dead_wood(2))); /* a hold past its time blocks nobody */
        if
        :: clashes_left(wish) -> printf("what was over is not gone\n"); goto failed
        :: else
        fi
    }
#else
    skip
#endif
}

/* A reschedule, behind its locks and after it has expired what is in its way. */
inline check_new_time()
{
    atomic {
#ifndef CHECK_BEFORE_LOCK
        d_step {
            assert(backstop || !(dead_wood(0) || dead_wood(1) || dead_wood(2))); /* a hold past its time blocks nobody */
            wish = left_by(clashes_left);
            printf("checks again: %d is free\n", wish)
        };
#endif
        choose()
    }
}

#define free_row(r) (stored[r].status == NONE && writer[r] == NOBODY)

/* INSERT: a row that nobody sees yet but the constraint. Of a visit the first member's first; `wish` keeps what
 * is still to be inserted. */
#define first_part (op == VISIT && (wish & STAFF_0) != 0 -> (wish & STAFF_0) : wish)

inline insert()
{
    d_step {
        fine = free_row(0) || free_row(1) || free_row(2);
        b = (free_row(0) -> 0 : (free_row(1) -> 1 : 2));
        if
        :: fine ->
            j = first_part;
            write(b, to, j, (to == HELD) * (now + 1), 0);
#ifdef VISITS
            pair[b] = op == VISIT;
#endif
            wish = wish - j;
            j = 0
        :: else -> b = NO_ROW /* the model's table is full: refused */
        fi
    }
}

#ifndef NO_CAS
#define still_as_seen(r) (stored[r].version == seen)
#else
#define still_as_seen(r) true
#endif

/* UPDATE ... WHERE id = b AND version = seen. A row that somebody else is changing is waited for, and then
 * compared again. If it has moved, a confirm or cancel judges it anew; a reschedule would need other locks
 * and is refused. */
inline move()
{
    do
    :: atomic {
        d_step {
            fine = still_as_seen(b);
            if
            :: fine && writer[b] == NOBODY ->
                if
                :: op == CONFIRM -> write(b, BOOKED, stored[b].claim, 0, seen)
                :: op == CANCEL -> write(b, CANCELLED, 0, 0, seen)
                :: op == RESCHEDULE -> write(b, stored[b].status, wish, stored[b].hold_until, seen)
                fi
            :: fine && writer[b] != NOBODY -> wait_for(writer[b])
            :: else
            fi
        };
        if
        :: fine && waits[me] == NOBODY -> break
        :: fine && waits[me] != NOBODY -> sleep()
        :: !fine && op == RESCHEDULE -> goto ending
        :: !fine && op != RESCHEDULE ->
            d_step { judge() };
            if
            :: fine
            :: !fine -> goto over
            fi
        fi
    }
    od
}

#define meets(image) ((image.claim & written[b].claim) != 0 && active(image) && writer[i] != me)

/* What Postgres does after it has put the new version of row b into the index of bookings_no_overlap: a
 * clash with what is committed is an error, one with what is still under way is waited for. */
inline exclusion()
{
#ifndef NO_CONSTRAINT
    do
    :: atomic {
        d_step {
            for (i : 0 .. ROWS - 1) {
                if
                :: j == 0 && i != b && active(written[b]) && (meets(stored[i]) || meets(written[i])) ->
                    j = (writer[i] == NOBODY -> 1 : 2);
                    if
                    :: j == 2 -> wait_for(writer[i])
                    :: else
                    fi
                :: else
                fi
            }
#ifdef FIND_WAIT
            assert(j != 2); /* nobody waits at the constraint */
#endif
            fine = j != 1;
            i = 0;
            j = 0
        };
        if
        :: !fine ->
            printf("23P01: is refused by the constraint\n");
            assert(backstop); /* behind the lock the constraint never has to refuse */
            goto failed
        :: fine && waits[me] == NOBODY -> break
        :: fine && waits[me] != NOBODY -> sleep()
        fi
    }
    od
#else
    skip
#endif
}

/* --- the servers ------------------------------------------------------------------------------------- */

/* Any request that has a sense now, or none. A creation that wishes slots of both members takes any.
 * (Wishes that differ from these in nothing but the names of slots and members are left out.) */
inline receive()
{
    if
#ifndef ONLY_CONFIRM
    :: free_row(0) || free_row(1) || free_row(2) ->
        op = CREATE;
        b = NO_ROW;
        if
        :: to = HELD
        :: to = BOOKED
        fi;
        if
        :: wish = 1
        :: wish = 2
        :: wish = 4
        :: wish = 1 + 4
#ifndef ONLY_SHORT
        :: wish = 3
#endif
        fi;
#ifdef ROOMS
        if
        :: !is_long(wish) -> wish = wish | room_for(wish)
        :: true
        fi
#endif
#ifdef VISITS
        if
        :: wish == 1 + 4 && free_row(1) && free_row(2) -> op = VISIT
        :: true
        fi
#endif
#endif
    :: active(stored[0]) || active(stored[1]) || active(stored[2]) ->
        if
        :: active(stored[0]) -> b = 0
        :: active(stored[1]) -> b = 1
        :: active(stored[2]) -> b = 2
        fi;
        if
        :: stored[b].status == HELD -> op = CONFIRM
#ifdef ONLY_CONFIRM
        :: else -> op = 0
#else
        :: op = CANCEL
        :: op = RESCHEDULE;
            if
            :: is_long(stored[b].claim) -> wish = STAFF - stored[b].claim
            :: !is_long(stored[b].claim) && (stored[b].claim & STAFF) != 1 -> wish = 1
            :: !is_long(stored[b].claim) && (stored[b].claim & STAFF) != 2 -> wish = 2
            :: !is_long(stored[b].claim) && (stored[b].claim & STAFF) != 4 -> wish = 4
            :: !is_long(stored[b].claim) && (stored[b].claim & STAFF) != 8 -> wish = 8
            fi;
            wish = wish | (in_room(stored[b].claim) -> room_for(wish) : 0)
#endif
        fi
    :: op = 0 /* the server dies before it has sent anything */
    fi
}

/* What is read and checked before any lock; a refusal leaves nothing open. now() stays the beginning of
 * the transaction, however late it has become. */
inline judge()
{
    now = (open[me] -> now : clock);
    wish = left_by(clashes_seen);
    need = ((wish & STAFF_0) != 0) | (((wish & STAFF_1) != 0) << 1);
#ifndef NO_ROOM_LOCK
    need = need | (in_room(wish) << 2);
#endif
    if
    :: op == CREATE || op == VISIT -> fine = (wish & STAFF) != 0
    :: op == CONFIRM -> fine = stored[b].status == HELD && !past_hold(b); seen = stored[b].version
    :: op == CANCEL -> fine = active(stored[b]); seen = stored[b].version
    :: op == RESCHEDULE ->
        fine = (wish & STAFF) != 0 && active(stored[b]) && !past_hold(b);
        need = need | (1 << staff_of(stored[b].claim));
        seen = stored[b].version
    :: else -> fine = false
    fi;
    open[me] = fine;
    printf("request %d at time %d: row %d, status %d, claim %d, fine %d\n", op, now, b, to, wish, fine)
}

/* The client hears of it, unless the server or the connection dies first: then it never knows. */
inline answer()
{
    if
    :: fine ->
        d_step {
            printf("answers: row %d\n", b);
#ifndef ASYNC_COMMIT
            assert(stored[b].status != NONE && stored[b].version > seen); /* nobody is told a phantom */
#endif
#ifdef VISITS
            told[1] = told[1] || op == VISIT;
#endif
            told[b] = true
        }
    :: true
    fi
}

inline forget()
{
    d_step {
        killed[me] = false;
        op = 0; to = 0; b = 0; wish = 0; need = 0; s = 0; now = 0; seen = 0; fine = false
    }
}

proctype server(byte rounds) provided (quiet || killed[_pid])
{
    unsigned op : 3, to : 3, b : 2, wish : 6, need : 3, s : 2, now : 2, seen : 3;
    bool fine; /* so far; in the end: the answer is yes */

    do
    :: rounds > 0 -> {
            atomic {
                rounds--;
                receive();
                d_step { judge() };
                if
                :: !fine -> goto over
                :: fine && (op == CONFIRM || op == CANCEL) -> goto moving
                :: fine && (op == CREATE || op == VISIT || op == RESCHEDULE)
                fi
            };
#ifdef SPLIT_RESCHEDULE
            if
            :: op == RESCHEDULE ->
                d_step {
                    writer[b] == NOBODY -> write(b, stored[b].status, 0, stored[b].hold_until, seen)
                };
                commit(me);
                d_step { seen = seen + 1; open[me] = true }
            :: else
            fi;
#endif
            lock_staff();
            if
            :: op != RESCHEDULE -> check_creation()
            :: op == RESCHEDULE
            fi;
            expire_in_the_way();
            if
            :: op != RESCHEDULE -> last_look()
            :: op == RESCHEDULE -> check_new_time(); goto moving
            fi;
inserting:
            insert();
            if
            :: fine -> goto indexing
            :: !fine && op == VISIT -> goto failed
            :: !fine && op != VISIT -> goto ending
            fi;
moving:
            move();
indexing:
            exclusion();
            if
            :: op == VISIT && wish != 0 ->
#ifdef SPLIT_VISIT
                commit(me);
                d_step { open[me] = true };
#endif
                goto inserting
            :: else
            fi;
ending:
#ifdef ANSWER_EARLY
            atomic { answer() };
#endif
            commit(me);
            goto over;
failed:
            atomic { let_go(me); fine = false }; /* ROLLBACK, after an error */
over:
            atomic {
#ifndef ANSWER_EARLY
                answer();
#endif
                forget()
            }
        } unless {
            atomic { killed[me] -> forget() }
        }
    :: else -> break
    od
}

/* --- the sweeper, the clock, accidents --------------------------------------------------------------- */

#define to_sweep(r) (stored[r].status == HELD && stored[r].hold_until <= clock && writer[r] == NOBODY)

inline sweeper_forgets()
{
    d_step { killed[me] = false; b = 0; seen = 0 }
}

/* UPDATE ... WHERE id IN (SELECT ... WHERE status = 'held' AND hold_expires_at <= now() FOR UPDATE SKIP
 * LOCKED), a row at a time: what others are changing is left to them, so it waits for nobody. */
proctype sweeper() provided (quiet || killed[_pid])
{
    unsigned b : 2, seen : 3;

end:
    do
    :: atomic {
        if
        :: to_sweep(0) -> b = 0
        :: to_sweep(1) -> b = 1
        :: to_sweep(2) -> b = 2
        fi;
        seen = stored[b].version;
#ifdef NO_CAS
    }
    d_step { /* read without a lock, written later */
        writer[b] == NOBODY ->
#endif
        write(b, EXPIRED, 0, 0, seen);
        open[me] = true
    };
        if
        :: atomic { killed[me] -> sweeper_forgets() }
        :: atomic { !killed[me] -> commit(me); sweeper_forgets() }
        fi
    od
}

inline kill(who)
{
    if
    :: open[who] -> killed[who] = true; let_go(who); printf("%d dies\n", who)
    :: else
    fi
}

#ifdef ASYNC_COMMIT
inline copy(to_row, from_row)
{
    to_row.status = from_row.status;
    to_row.claim = from_row.claim;
    to_row.version = from_row.version;
    to_row.hold_until = from_row.hold_until
}
#endif

/* Time passes, servers die and the database restarts when they like. A server's death takes effect when
 * the database rolls back what it had open; what had been committed by then is committed, and nobody hears
 * of it. */
proctype world() provided (quiet)
{
end:
    do
    :: d_step { clock < CLOCK_MAX -> clock++; printf("the clock shows %d\n", clock) }
    :: d_step { crashes > 0 && open[SERVER_A] -> crashes--; kill(SERVER_A); check_promises() }
    :: d_step { crashes > 0 && open[SERVER_B] -> crashes--; kill(SERVER_B); check_promises() }
    :: d_step { crashes > 0 && open[SWEEPER] -> crashes--; kill(SWEEPER); check_promises() }
#ifndef ASYNC_COMMIT
    :: d_step { /* the database, and with it all that is open */
        crashes > 0 && open[SERVER_A] + open[SERVER_B] + open[SWEEPER] > 1 ->
        crashes--; kill(SERVER_A); kill(SERVER_B); kill(SWEEPER); check_promises()
    }
#else
    :: d_step { copy(on_disk[0], stored[0]); copy(on_disk[1], stored[1]); copy(on_disk[2], stored[2]) }
    :: d_step { /* ... and what is not on disk */
        crashes > 0 -> crashes--; printf("the database restarts\n");
        copy(stored[0], on_disk[0]); copy(stored[1], on_disk[1]); copy(stored[2], on_disk[2]);
        kill(SERVER_A); kill(SERVER_B); kill(SWEEPER); check_promises()
    }
#endif
    :: timeout -> /* nobody has anything left to do */
        assert(!to_sweep(0) && !to_sweep(1) && !to_sweep(2)); /* every hold ends */
        break
    od
}

/* One booking is held at the beginning; another one is made already in some runs and not in others. */
init {
    atomic {
        stored[0].status = HELD; stored[0].claim = 1; stored[0].version = 1; stored[0].hold_until = 1;
        told[0] = true;
        if
        :: stored[1].status = BOOKED; stored[1].claim = 8; stored[1].version = 1; told[1] = true
        :: true
        fi;
#ifdef ASYNC_COMMIT
        copy(on_disk[0], stored[0]); copy(on_disk[1], stored[1]); copy(on_disk[2], stored[2]);
#endif
        run server(ROUNDS_A);
        run server(ROUNDS_B);
#ifndef NO_SWEEPER
        run sweeper();
#endif
        run world()
    }
}
