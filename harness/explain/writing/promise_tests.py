"""The tests of a reproducer that look at more than one call: what a candidate promises besides right values."""

from collections.abc import Callable, Sequence

TestsOf = Callable[[Sequence[str], str], str]
"""From the names of the operands, and a call of the candidate as source, to tests."""

CALLS = 6

ROUNDS = 100

TESTS = """\
def arrays_of(returned):
    return list(returned) if isinstance(returned, (tuple, list)) else [returned]


def test_operands_are_not_written_to():
    {listed} = operands()
    before = [array.copy() for array in ({given},)]
    {call}
    for saved, array in zip(before, ({given},)):
        assert saved.tobytes() == array.tobytes()


def test_results_share_no_memory_and_stay_as_they_are():
    {listed} = operands()
    first = arrays_of({call})
    saved = [array.copy() for array in first]
    {others} = other_operands()
{refilled}
    second = {call}
    check(second, other_expected())
    for array, copy in zip(first, saved):
        assert array.tobytes() == copy.tobytes()
        for other in [*arrays_of(second), {given}]:
            assert not np.shares_memory(array, other)


def test_every_call_is_alike():
    for _ in range({calls}):
        {listed} = operands()
        check({call}, expected())
        {listed} = other_operands()
        check({call}, other_expected())


def test_read_only_operands_in_any_layout_from_another_thread():
    reverse = lambda array: np.flip(np.flip(array).copy())
    for lay_out in (np.ascontiguousarray, np.asfortranarray, reverse):
        {listed} = (lay_out(array) for array in operands())
        for array in ({given},):
            array.flags.writeable = False
        results = []
        thread = threading.Thread(target=lambda: results.append({call}))
        thread.start()
        thread.join()
        assert results
        check(results[0], expected())"""


AT_ONCE = """\
def test_two_threads_at_once():
    results = {{True: [], False: []}}

    def call(is_first):
        {listed} = operands() if is_first else other_operands()
        for _ in range({rounds}):
            results[is_first].append({call})

    threads = [threading.Thread(target=call, args=(is_first,)) for is_first in results]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.setswitchinterval(before)
    for is_first, returned in results.items():
        assert len(returned) == {rounds}
        for one in returned:
            check(one, expected() if is_first else other_expected())"""


def promise_tests(names: Sequence[str], call: str) -> str:
    """Return the tests; they need `operands`, `expected`, both again as `other_...`, `check` and threading."""
    return TESTS.format(
        listed=unpacked(names),
        others=unpacked([f"other_{name}" for name in names]),
        given=", ".join(names),
        refilled="\n".join(f"    {name}[...] = other_{name}" for name in names),
        call=call,
        calls=CALLS,
    )


def at_once_test(names: Sequence[str], call: str) -> str:
    """Return the test that two threads call at the same time; it needs the same, and sys."""
    return AT_ONCE.format(listed=unpacked(names), call=call, rounds=ROUNDS)


def unpacked(names: Sequence[str]) -> str:
    """Return names as a tuple, which may also stand on the left of an assignment."""
    return f"({names[0]},)" if len(names) == 1 else ", ".join(names)
