// SPDX-License-Identifier: MIT
//
// Promela model of bell.hpp, for spin. tests/rt/bell_model_test.py checks it and each weakening of
// it; docs/bell-model.md tells what is proved and what is not.
//
// Memory is weaker than Promela's. A store goes into its thread's buffer, and from there to memory
// at any later time:
//     relaxed   also before older stores to other words
//     release   only after all older stores of the thread
//     seq_cst   as release; and no seq_cst load of the thread is carried out before
// An addition is carried out in memory when it leaves the buffer. Loads read memory; one that is
// only acquire does not wait for the thread's own stores, and one that is relaxed may be carried
// out later than the loads that follow it. So ARM (with its weak acquire loads), RISC-V and x86
// behave, all of them at their worst.
//
// Of the kernel only what is documented is assumed: wait compares and goes to sleep in one step for
// each word, and neither call orders the caller's accesses to other words. (Linux has a full
// barrier in both. It hides a weak A or B, but not a weak R or S.)
//
// BELLS 1: one ringer that may die at any step, ring_for_dead(); futex_wait() on its bell alone.
// BELLS 2: a second ringer that lives, and an alarm; futex_wait_any() on three words.

#define RELAXED 0
#define ACQUIRE 1
#define RELEASE 1
#define SEQ_CST 2

#ifndef BELLS
#define BELLS 1
#endif

// Orders by the letters in bell.hpp, ring_cursor.hpp (P, C) and replica.hpp (X, Y). A variant
// defines one of them anew.
#ifndef ORDER_P
#define ORDER_P RELEASE /* count published */
#endif
#ifndef ORDER_C
#define ORDER_C ACQUIRE /* count looked at */
#endif
#ifndef ORDER_R
#define ORDER_R SEQ_CST /* bell advanced */
#endif
#ifndef ORDER_S
#define ORDER_S SEQ_CST /* asleep looked at */
#endif
#ifndef ORDER_E
#define ORDER_E ACQUIRE /* bell looked at, for what is expected */
#endif
#ifndef ORDER_A
#define ORDER_A SEQ_CST /* asleep raised */
#endif
#ifndef ORDER_B
#define ORDER_B SEQ_CST /* bell looked at again */
#endif
#ifndef ORDER_Z
#define ORDER_Z RELAXED /* asleep lowered */
#endif
#ifndef ORDER_X
#define ORDER_X RELEASE /* death noted */
#endif
#ifndef ORDER_Y
#define ORDER_Y ACQUIRE /* death looked at */
#endif
#ifndef ORDER_D
#define ORDER_D RELEASE /* bell advanced for the dead */
#endif
#ifndef ORDER_N
#define ORDER_N RELEASE /* alarm advanced */
#endif
#ifndef ORDER_L
#define ORDER_L ACQUIRE /* alarm looked at, for what is expected */
#endif

#if BELLS == 1
#define ITEMS 3 /* that each ringer publishes */
#else
#define ITEMS 1
#endif

// Words of memory.
#define COUNT(b) ((b) * 3)
#define RUNG(b) ((b) * 3 + 1)
#define ASLEEP(b) ((b) * 3 + 2)
#define ENDED 6
#define DETAIL 7
#define ALARM 8
#define OFFER 9
#define ITEM(b, k) (9 + (b) * ITEMS + (k))
byte memory[10 + BELLS * ITEMS];

// Threads: ringers have the numbers of their bells.
#define WAITER 2
#define SUPERVISOR 3
#define PLAIN 4
#define DEPTH 4
#define ADD 99 /* in place of a value: add 1 */
typedef Buffer {
    byte count;
    byte seq_cst_count;
    byte word[DEPTH];
    byte value[DEPTH];
    byte order[DEPTH];
};
Buffer buffers[5];

// The kernel's queue: the waiter's place on each word.
#define WORDS 3
bool queued[WORDS];
bool is_woken;

// What the properties are stated with; no part of the program.
byte published[2];
bool has_died;

inline store(thread, address, new_value, with_order)
{
    atomic {
        buffers[thread].count < DEPTH;
        buffers[thread].word[buffers[thread].count] = address;
        buffers[thread].value[buffers[thread].count] = new_value;
        buffers[thread].order[buffers[thread].count] = with_order;
        buffers[thread].count++;
        buffers[thread].seq_cst_count =
            buffers[thread].seq_cst_count + (with_order == SEQ_CST -> 1 : 0);
    }
}

inline load(thread, address, with_order, result)
{
    atomic {
        with_order != SEQ_CST || buffers[thread].seq_cst_count == 0;
        result = memory[address];
    }
}

#define OLDER_TO_SAME_WORD(t, i) \
    ((i > 0 && buffers[t].word[0] == buffers[t].word[i]) || \
     (i > 1 && buffers[t].word[1] == buffers[t].word[i]) || \
     (i > 2 && buffers[t].word[2] == buffers[t].word[i]))
#define MAY_LEAVE(t, i) \
    (i < buffers[t].count && \
     (i == 0 || (buffers[t].order[i] == RELAXED && !OLDER_TO_SAME_WORD(t, i))))
#define PENDING(t, i, address) (i < buffers[t].count && buffers[t].word[i] == address)

inline leave(t, i)
{
    if
    :: buffers[t].value[i] == ADD -> memory[buffers[t].word[i]]++
    :: else -> memory[buffers[t].word[i]] = buffers[t].value[i]
    fi;
    buffers[t].seq_cst_count =
        buffers[t].seq_cst_count - (buffers[t].order[i] == SEQ_CST -> 1 : 0);
    at = i;
    do
    :: at + 1 < DEPTH ->
        buffers[t].word[at] = buffers[t].word[at + 1];
        buffers[t].value[at] = buffers[t].value[at + 1];
        buffers[t].order[at] = buffers[t].order[at + 1];
        at++
    :: else -> break
    od;
    buffers[t].word[DEPTH - 1] = 0;
    buffers[t].value[DEPTH - 1] = 0;
    buffers[t].order[DEPTH - 1] = 0;
    buffers[t].count--;
    at = 0
}

/// Carries a thread's stores to memory, as the order of each allows.
proctype drain(byte t)
{
    byte at;
end:
    do
    :: d_step { MAY_LEAVE(t, 0) -> leave(t, 0) }
    :: d_step { MAY_LEAVE(t, 1) -> leave(t, 1) }
    :: d_step { MAY_LEAVE(t, 2) -> leave(t, 2) }
    :: d_step { MAY_LEAVE(t, 3) -> leave(t, 3) }
    od
}

/// The caller's own stores to the word come first, as on any one word.
inline futex_wake(thread, address, place)
{
    d_step {
        !PENDING(thread, 0, address) && !PENDING(thread, 1, address) &&
            !PENDING(thread, 2, address) && !PENDING(thread, 3, address);
        if
        :: queued[place] -> queued[place] = false; is_woken = true
        :: else
        fi
    }
}

#define MAY_DIE if :: true :: b == 0 -> goto gone fi

proctype ringer(byte b)
{
    byte item = 1;
    byte asleep;
    do
    :: item <= ITEMS ->
        atomic {
            store(b, ITEM(b, item), 1, RELAXED);
            store(b, COUNT(b), item, ORDER_P);
            published[b] = item
        }
        MAY_DIE;
        store(b, RUNG(b), ADD, ORDER_R);
        MAY_DIE;
        load(b, ASLEEP(b), ORDER_S, asleep);
        if
        :: asleep ->
            MAY_DIE;
            futex_wake(b, RUNG(b), b)
        :: else
        fi;
        asleep = 0;
        item++
    :: else -> break
    od;
    goto lives_on;
gone:
    atomic { buffers[b].count == 0; has_died = true }  // its memory is at rest
lives_on:
    skip
}

/// Replica::mark_ended(), once the process has ended.
proctype supervisor()
{
end:
    has_died;
    atomic {
        store(SUPERVISOR, DETAIL, 1, RELAXED);
        store(SUPERVISOR, ENDED, 1, ORDER_X);
        store(SUPERVISOR, RUNG(0), ADD, ORDER_D)
    }
    futex_wake(SUPERVISOR, RUNG(0), 0)
}

/// ReplicaSet::offer(): something that only the alarm tells of.
proctype plain()
{
    atomic {
        store(PLAIN, OFFER, 1, RELEASE);
        store(PLAIN, ALARM, ADD, ORDER_N)
    }
    futex_wake(PLAIN, ALARM, 2)
}

#define IS_RELAXED(o) (o == RELAXED)
#define unread 2

inline load_expected_bells()
{
    load(WAITER, RUNG(0), ORDER_E, expected[0]);
#if BELLS == 2
    load(WAITER, RUNG(1), ORDER_E, expected[1]);
#endif
}

/// Each value is read in the same step as what announces it: later it could only be newer.
inline look_at_ended()
{
    atomic {
        load(WAITER, ENDED, ORDER_Y, has_ended);
        detail = memory[DETAIL]
    }
}

/// What an acquire load would hold back may be read before it once the load is relaxed.
inline look_at_ringer(b)
{
    if
    :: b == 0 && IS_RELAXED(ORDER_Y) -> is_late = true; detail = memory[DETAIL]
    :: b == 0 -> look_at_ended()
    :: b != 0
    fi;
    if
    :: IS_RELAXED(ORDER_C) && taken[b] < ITEMS -> item = memory[ITEM(b, taken[b] + 1)]
    :: true -> item = unread
    fi;
    atomic {
        load(WAITER, COUNT(b), ORDER_C, count);
        if
        :: item == unread && taken[b] < ITEMS -> item = memory[ITEM(b, taken[b] + 1)]
        :: else
        fi
    }
    if
    :: is_late -> load(WAITER, ENDED, ORDER_Y, has_ended)
    :: else
    fi;
    d_step {
        if
        :: count > taken[b] ->
            assert(item == 1); // an item is never read before it was published
            taken[b]++;
            found = true
        :: count == taken[b] && has_ended && !is_lost ->
            assert(taken[0] == published[0]); // what was published is not lost by the death
            assert(detail == 1);              // what was stored before the death was noted is there
            is_lost = true;
            found = true
        :: else
        fi;
        is_late = false; has_ended = 0; detail = 0; item = 0; count = 0
    }
}

inline look()
{
    found = false;
    look_at_ringer(0);
#if BELLS == 2
    look_at_ringer(1);
    if
    :: memory[OFFER] && !is_adopted -> is_adopted = true; found = true
    :: else
    fi
#endif
}

#if BELLS == 2
#define IS_DONE ((taken[0] == ITEMS || is_lost) && taken[1] == ITEMS && is_adopted)
#else
#define IS_DONE (taken[0] == ITEMS || is_lost)
#endif

inline wait_on_word(address, place, value)
{
    d_step {
        if
        :: is_woken
        :: !is_woken && memory[address] == value -> queued[place] = true
        :: else -> is_woken = true // EAGAIN: as if woken
        fi
    }
}

/// futex_wait() for one bell, futex_wait_any() for more.
inline sleep()
{
    is_woken = false;
    wait_on_word(RUNG(0), 0, expected[0]);
#if BELLS == 2
    wait_on_word(RUNG(1), 1, expected[1]);
    wait_on_word(ALARM, 2, expected_alarm);
#endif
    d_step {
        is_woken;
        queued[0] = false; queued[1] = false; queued[2] = false; is_woken = false
    }
}

inline set_asleep(flag, with_order)
{
    atomic {
        store(WAITER, ASLEEP(0), flag, with_order);
#if BELLS == 2
        store(WAITER, ASLEEP(1), flag, with_order)
#endif
    }
}

proctype waiter()
{
    byte expected[BELLS];
    byte expected_alarm;
    byte taken[BELLS];
    bool is_lost, is_adopted;
    bool found, is_late, are_late, is_alarm_late;
    byte has_ended, detail, item, count, again;

    do
    :: IS_DONE -> break
    :: else ->
        if
        :: true -> are_late = false; load_expected_bells()
        :: IS_RELAXED(ORDER_E) -> are_late = true
        fi;
#if BELLS == 2
        if
        :: true -> is_alarm_late = false; load(WAITER, ALARM, ORDER_L, expected_alarm)
        :: IS_RELAXED(ORDER_L) -> is_alarm_late = true
        fi;
#endif
        look();
        if
        :: are_late -> load_expected_bells()
        :: else
        fi;
#if BELLS == 2
        if
        :: is_alarm_late -> load(WAITER, ALARM, ORDER_L, expected_alarm)
        :: else
        fi;
#endif
        if
        :: found -> goto next
        :: else
        fi;
        set_asleep(1, ORDER_A);
        load(WAITER, RUNG(0), ORDER_B, again);
        if
        :: again != expected[0] -> goto awake
        :: else
        fi;
#if BELLS == 2
        load(WAITER, RUNG(1), ORDER_B, again);
        if
        :: again != expected[1] -> goto awake
        :: else
        fi;
#endif
        sleep();
awake:
        again = 0;
        set_asleep(0, ORDER_Z);
next:
        skip;
        d_step {
            expected[0] = 0; expected[BELLS - 1] = 0; expected_alarm = 0;
            found = false; are_late = false; is_alarm_late = false
        }
    od
}

init
{
    atomic {
        run drain(0);
        run drain(WAITER);
        run drain(SUPERVISOR);
        run ringer(0);
        run supervisor();
#if BELLS == 2
        run drain(1);
        run drain(PLAIN);
        run ringer(1);
        run plain();
#endif
        run waiter();
    }
}
