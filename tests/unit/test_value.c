/* Values and errors: what they carry, who owns it, when it is dropped.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

static void immediate_values_own_nothing(void **state)
{
    (void)state;
    anyloop_value values[] = {anyloop_none(), anyloop_bool(1), anyloop_int(-5), anyloop_float(2.5),
                              anyloop_static_text("static")};
    for (size_t i = 0; i < LENGTH(values); i++) {
        assert_int_equal(values[i].owner, 0);
        anyloop_value_retain(&values[i]);
    }
    assert_int_equal(anyloop_to_int(&values[2]), -5);
    assert_true(anyloop_to_float(&values[3]) == 2.5);
    for (size_t i = 0; i < LENGTH(values); i++) {
        anyloop_value_release(&values[i]);
        assert_int_equal(values[i].kind, ANYLOOP_NONE);
    }
}

static void a_text_is_a_copy_with_a_nul_behind_it(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    char source[] = "gr\xc3\xbc\xc3\x9f" "e, and more";
    anyloop_value text;
    size_t size = 0;
    assert_ok(anyloop_value_text(loop, source, 7, &text));
    memset(source, 'x', sizeof source);
    const char *bytes = anyloop_to_bytes(&text, &size);
    assert_int_equal(size, 7);
    assert_string_equal(bytes, "gr\xc3\xbc\xc3\x9f" "e");
    anyloop_value copy = text;
    anyloop_value_retain(&copy);
    anyloop_value_release(&text);
    assert_string_equal(anyloop_to_bytes(&copy, NULL), "gr\xc3\xbc\xc3\x9f" "e");
    anyloop_value_release(&copy);
    loop_end(loop);
}

static void bytes_may_hold_anything_and_nothing(void **state)
{
    (void)state;
    anyloop_value bytes, empty;
    size_t size = 9;
    assert_ok(anyloop_value_bytes(NULL, "a\0b", 3, &bytes));
    assert_int_equal(bytes.kind, ANYLOOP_BYTES);
    assert_memory_equal(anyloop_to_bytes(&bytes, &size), "a\0b", 3);
    assert_int_equal(size, 3);
    assert_ok(anyloop_value_bytes(NULL, NULL, 0, &empty));
    assert_int_equal(empty.size, 0);
    anyloop_value_release(&empty);
    assert_ok(anyloop_value_text(NULL, NULL, 0, &empty));
    assert_int_equal(empty.kind, ANYLOOP_TEXT);
    anyloop_value_release(&empty);
    anyloop_value_release(&bytes);
}

static void a_foreign_value_is_dropped_once_by_its_last_holder(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    int dropped = 0;
    anyloop_value value, copy;
    assert_ok(anyloop_value_foreign(loop, &dropped, count, &value));
    assert_ptr_equal(anyloop_to_pointer(&value), &dropped);
    assert_int_equal(value.size, anyloop_runtime_id());
    copy = value;
    anyloop_value_retain(&copy);
    anyloop_value_release(&value);
    assert_int_equal(dropped, 0);
    anyloop_value_release(&copy);
    assert_int_equal(dropped, 1);
    loop_end(loop);
}

static void a_list_takes_what_it_holds(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    int dropped = 0;
    anyloop_value items[] = {counted(&dropped), anyloop_int(2), counted(&dropped)}, list, outer, empty;
    size_t size = 0;
    assert_ok(anyloop_value_list(loop, items, 3, &list));
    assert_int_equal(anyloop_to_int(&anyloop_to_list(&list, &size)[1]), 2);
    assert_int_equal(size, 3);
    assert_int_equal(list.flags & ANYLOOP_VALUE_LOCAL, 0);
    assert_ok(anyloop_value_list(loop, &list, 1, &outer));
    assert_int_equal(dropped, 0);
    anyloop_value_release(&outer);
    assert_int_equal(dropped, 2);
    assert_ok(anyloop_value_list(loop, NULL, 0, &empty));
    assert_int_equal(empty.kind, ANYLOOP_LIST);
    anyloop_value_release(&empty);
    loop_end(loop);
}

static void what_is_taken_is_dropped_when_there_is_no_memory(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    int dropped = 0;
    anyloop_value item = counted(&dropped), foreign = counted(&dropped), out = anyloop_int(3);
    const anyloop_error_options options = {.struct_size = sizeof options,
                                           .code = ANYLOOP_E_USER,
                                           .text = "text",
                                           .text_size = 4,
                                           .foreign = &foreign};
    memory.fail_at = memory.asked + 1, memory.fail_all = 1;
    assert_int_equal(anyloop_value_text(loop, "text", 4, &out), ANYLOOP_E_NOMEM);
    assert_int_equal(anyloop_value_bytes(loop, "text", 4, &out), ANYLOOP_E_NOMEM);
    assert_int_equal(anyloop_value_list(loop, &item, 1, &out), ANYLOOP_E_NOMEM);
    assert_int_equal(dropped, 1);
    assert_int_equal(anyloop_value_foreign(loop, &dropped, count, &out), ANYLOOP_E_NOMEM);
    assert_int_equal(dropped, 2);
    assert_int_equal(anyloop_value_error_with(loop, &options, &out), ANYLOOP_E_NOMEM);
    assert_int_equal(dropped, 3);
    assert_int_equal(anyloop_to_int(&out), 3); /* as it was */
    assert_ok(anyloop_value_error(loop, ANYLOOP_E_USER, "text", 4, &out));
    assert_int_equal(anyloop_error_code(&out), ANYLOOP_E_USER); /* the code alone */
    assert_string_equal(anyloop_error_text(&out, NULL), "");
    memory.fail_at = 0;
    loop_end(loop);
}

/* Letting go of one needs no stack as deep as the lists. */
static void lists_may_nest_to_any_depth(void **state)
{
    (void)state;
    int dropped = 0;
    anyloop_value list = counted(&dropped);
    for (int depth = 0; depth < 200000; depth++)
        assert_ok(anyloop_value_list(NULL, &list, 1, &list));
    anyloop_value_release(&list);
    assert_int_equal(dropped, 1);
}

static void an_error_carries_everything_through(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    int dropped = 0;
    size_t size = 0;
    anyloop_value foreign = counted(&dropped), cause = error_of(ANYLOOP_E_OS, "the disk"), children, error, copy;
    anyloop_value kids[] = {error_of(ANYLOOP_E_FULL, NULL), error_of(ANYLOOP_E_USER, "kid")};
    assert_ok(anyloop_value_list(loop, kids, 2, &children));
    const anyloop_error_options options = {.struct_size = sizeof options,
                                           .code = ANYLOOP_E_GROUP,
                                           .os_code = 28,
                                           .text = "whole story",
                                           .text_size = 5,
                                           .foreign = &foreign,
                                           .cause = &cause,
                                           .children = &children};
    assert_ok(anyloop_value_error_with(loop, &options, &error));
    copy = error;
    anyloop_value_retain(&copy);
    anyloop_value_release(&error);
    assert_int_equal(copy.kind, ANYLOOP_ERROR);
    assert_int_equal(anyloop_error_code(&copy), ANYLOOP_E_GROUP);
    assert_int_equal(anyloop_error_os_code(&copy), 28);
    assert_string_equal(anyloop_error_text(&copy, &size), "whole");
    assert_int_equal(size, 5);
    assert_ptr_equal(anyloop_to_pointer(anyloop_error_foreign(&copy)), &dropped);
    assert_string_equal(anyloop_error_text(anyloop_error_cause(&copy), NULL), "the disk");
    const anyloop_value *list = anyloop_to_list(anyloop_error_children(&copy), &size);
    assert_int_equal(size, 2);
    assert_int_equal(anyloop_error_code(&list[0]), ANYLOOP_E_FULL);
    assert_string_equal(anyloop_error_text(&list[1], NULL), "kid");
    anyloop_value_release(&copy);
    assert_int_equal(dropped, 1);
    loop_end(loop);
}

static void a_bare_error_and_what_is_no_error_answer_every_question(void **state)
{
    (void)state;
    anyloop_value error = error_of(ANYLOOP_E_EMPTY, NULL), number = anyloop_int(-4);
    size_t size = 7;
    assert_int_equal(anyloop_error_code(&error), ANYLOOP_E_EMPTY);
    assert_string_equal(anyloop_error_text(&error, &size), "");
    assert_int_equal(size, 0);
    assert_int_equal(anyloop_error_os_code(&error), 0);
    assert_null(anyloop_error_foreign(&error));
    assert_null(anyloop_error_cause(&error));
    assert_null(anyloop_error_children(&error));
    assert_int_equal(anyloop_error_code(&number), ANYLOOP_OK);
    assert_string_equal(anyloop_error_text(&number, &size), "");
    assert_null(anyloop_error_cause(&number));
    anyloop_value_release(&error);
}

static void a_future_value_and_lists_of_it_are_of_their_loops_thread(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_future *future = future_new(loop);
    anyloop_value value, list;
    assert_ok(anyloop_value_future(future, &value));
    assert_int_equal(value.flags, ANYLOOP_VALUE_LOCAL);
    anyloop_future_release(future);
    assert_ptr_equal(anyloop_to_future(&value), future);
    assert_int_equal(anyloop_future_state(future), ANYLOOP_PENDING);
    assert_ok(anyloop_value_list(loop, &value, 1, &list));
    assert_int_equal(list.flags, ANYLOOP_VALUE_LOCAL);
    anyloop_value_release(&list);
    loop_end(loop);
}

static void *release_value(void *value)
{
    anyloop_value_release(value);
    return NULL;
}

static void any_thread_may_be_the_last_holder(void **state)
{
    (void)state;
    int dropped = 0;
    anyloop_value value = counted(&dropped);
    thread_join(thread_start(release_value, &value));
    assert_int_equal(dropped, 1);
}

static void every_code_has_a_name_and_a_sentence(void **state)
{
    (void)state;
    for (anyloop_status status = ANYLOOP_OK; status >= ANYLOOP_E_FORKED; status--) {
        assert_memory_equal(anyloop_status_name(status), "ANYLOOP_", 8);
        assert_null(strchr(anyloop_status_name(status), '?'));
        assert_true(strlen(anyloop_status_text(status)) > 1);
    }
    assert_string_equal(anyloop_status_name(ANYLOOP_E_CLOSED), "ANYLOOP_E_CLOSED");
    assert_string_equal(anyloop_status_name(1), "ANYLOOP_E_?");
    assert_string_equal(anyloop_status_name(ANYLOOP_E_FORKED - 1), "ANYLOOP_E_?");
    assert_string_equal(anyloop_status_name(INT32_MIN), "ANYLOOP_E_?");
}

static void another_minor_version_does_not_fit(void **state)
{
    (void)state;
    assert_ok(anyloop_abi_check(ANYLOOP_VERSION));
    assert_ok(anyloop_abi_check(anyloop_version()));
    assert_int_equal(anyloop_abi_check(ANYLOOP_VERSION + 0x100), ANYLOOP_E_VERSION);
    assert_int_equal(anyloop_abi_check(ANYLOOP_VERSION + 0x10000), ANYLOOP_E_VERSION);
    assert_int_not_equal(anyloop_runtime_id(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(immediate_values_own_nothing),
        cmocka_unit_test(a_text_is_a_copy_with_a_nul_behind_it),
        cmocka_unit_test(bytes_may_hold_anything_and_nothing),
        cmocka_unit_test(a_foreign_value_is_dropped_once_by_its_last_holder),
        cmocka_unit_test(a_list_takes_what_it_holds),
        cmocka_unit_test(what_is_taken_is_dropped_when_there_is_no_memory),
        cmocka_unit_test(lists_may_nest_to_any_depth),
        cmocka_unit_test(an_error_carries_everything_through),
        cmocka_unit_test(a_bare_error_and_what_is_no_error_answer_every_question),
        cmocka_unit_test(a_future_value_and_lists_of_it_are_of_their_loops_thread),
        cmocka_unit_test_of_threads(any_thread_may_be_the_last_holder),
        cmocka_unit_test(every_code_has_a_name_and_a_sentence),
        cmocka_unit_test(another_minor_version_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
