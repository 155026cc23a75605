/* Values as bytes: what travels and what does not, and that nothing is lost when the memory is.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

#include "wire.h"

/* What comes out at the other end; takes nothing. */
static anyloop_status travel(const anyloop_value *value, anyloop_value *out)
{
    anyl_wire wire;
    anyloop_value body = {0};
    anyloop_status status = anyl_wire_pack(&counted_memory, value, &wire);
    if (status != ANYLOOP_OK)
        return status;
    if (wire.body_size)
        status = anyl_value_copy(&counted_memory, ANYLOOP_BYTES, wire.body, wire.body_size, &body);
    if (status == ANYLOOP_OK)
        status = anyl_wire_unpack(&counted_memory, wire.head, wire.head_size, body, out);
    anyl_wire_free(&counted_memory, &wire);
    return status;
}

static void scalars_arrive_as_they_left(void **state)
{
    (void)state;
    const anyloop_value values[] = {anyloop_none(), anyloop_bool(1), anyloop_int(INT64_MIN), anyloop_float(-0.5)};
    for (size_t i = 0; i < LENGTH(values); i++) {
        anyloop_value out;
        assert_ok(travel(&values[i], &out));
        assert_memory_equal(&out, &values[i], sizeof out);
    }
}

static void texts_arrive_with_a_nul_behind_them(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_value text = anyloop_static_text("words"), empty = anyloop_static_text(""), out;
    assert_ok(travel(&text, &out));
    assert_int_equal(out.kind, ANYLOOP_TEXT);
    assert_string_equal(anyloop_to_bytes(&out, NULL), "words");
    anyloop_value_release(&out);
    assert_ok(travel(&empty, &out));
    assert_int_equal(out.kind, ANYLOOP_TEXT);
    assert_int_equal(out.size, 0);
    anyloop_value_release(&out);
    loop_end(loop);
}

static anyloop_value nested(anyloop_loop *loop, uint32_t depth)
{
    anyloop_value inner = anyloop_int(7);
    for (uint32_t i = 1; i < depth; i++) {
        anyloop_value list;
        assert_ok(anyloop_value_list(loop, &inner, 1, &list));
        inner = list;
    }
    return inner;
}

static void lists_arrive_whole_as_deep_as_they_may_be(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_value out, items[3] = {anyloop_static_text("a"), anyloop_int(2), nested(loop, 3)}, list;
    assert_ok(anyloop_value_list(loop, items, 3, &list));
    assert_ok(travel(&list, &out));
    const anyloop_value *copy = (const anyloop_value *)(uintptr_t)out.bits;
    assert_int_equal(out.size, 3);
    assert_string_equal(anyloop_to_bytes(&copy[0], NULL), "a");
    assert_int_equal(anyloop_to_int(&copy[1]), 2);
    assert_int_equal(copy[2].kind, ANYLOOP_LIST);
    anyloop_value_release(&out);
    anyloop_value_release(&list);

    anyloop_value deep = nested(loop, ANYL_WIRE_DEPTH), deeper = nested(loop, ANYL_WIRE_DEPTH + 1);
    assert_ok(anyl_wire_travels(&deep));
    assert_int_equal(anyl_wire_travels(&deeper), ANYLOOP_E_TYPE);
    assert_ok(travel(&deep, &out));
    assert_int_equal(travel(&deeper, &items[0]), ANYLOOP_E_TYPE);
    anyloop_value_release(&out);
    anyloop_value_release(&deep);
    anyloop_value_release(&deeper);
    loop_end(loop);
}

static void *refuse(void *user_data, size_t size)
{
    (void)user_data, (void)size;
    return NULL;
}

static anyloop_value full_error(anyloop_loop *loop)
{
    anyloop_value cause, child, children, error;
    assert_ok(anyloop_value_error(loop, ANYLOOP_E_OS, "cause", 5, &cause));
    assert_ok(anyloop_value_error(loop, ANYLOOP_E_USER, "child", 5, &child));
    assert_ok(anyloop_value_list(loop, &child, 1, &children));
    const anyloop_error_options options = {.struct_size = sizeof options,
                                           .code = ANYLOOP_E_GROUP,
                                           .os_code = 5,
                                           .text = "whole",
                                           .text_size = 5,
                                           .cause = &cause,
                                           .children = &children};
    assert_ok(anyl_error_with(&counted_memory, &options, &error));
    return error;
}

static void an_error_arrives_with_its_cause_and_its_children(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_value error = full_error(loop), out;
    assert_ok(travel(&error, &out));
    assert_int_equal(anyloop_error_code(&out), ANYLOOP_E_GROUP);
    assert_string_equal(anyloop_error_text(&out, NULL), "whole");
    assert_int_equal(anyl_error_os_code(&out), 5);
    assert_string_equal(anyloop_error_text(anyl_error_cause(&out), NULL), "cause");
    const anyloop_value *children = anyl_error_children(&out);
    assert_string_equal(anyloop_error_text((const anyloop_value *)(uintptr_t)children->bits, NULL), "child");
    anyloop_value_release(&out);
    anyloop_value_release(&error);
    loop_end(loop);
}

static void pointers_and_futures_stay_at_home(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_value foreign, list;
    assert_ok(anyloop_value_foreign(loop, &foreign, NULL, &foreign));
    assert_int_equal(anyl_wire_travels(&foreign), ANYLOOP_E_TYPE);
    assert_ok(anyloop_value_list(loop, &foreign, 1, &list));
    assert_int_equal(anyl_wire_travels(&list), ANYLOOP_E_TYPE);
    anyloop_value_release(&list);
    loop_end(loop);
}

static void what_is_shared_in_memory_may_be_too_much(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    static unsigned char bytes[1 << 20];
    const anyloop_value block = {.kind = ANYLOOP_BYTES, .bits = (uintptr_t)bytes, .size = sizeof bytes};
    anyloop_value blocks[64], list, lists[64], out;
    anyl_wire wire;
    for (size_t i = 0; i < LENGTH(blocks); i++)
        blocks[i] = block;
    assert_ok(anyloop_value_list(loop, blocks, LENGTH(blocks), &list));
    for (size_t i = 0; i < LENGTH(lists); i++) {
        lists[i] = list;
        anyloop_value_retain(&list);
    }
    assert_ok(anyloop_value_list(loop, lists, LENGTH(lists), &out)); /* 4 GiB, which is 0 in 32 bits */
    assert_int_equal(anyl_wire_travels(&out), ANYLOOP_E_NOMEM);
    assert_int_equal(anyl_wire_pack(&counted_memory, &out, &wire), ANYLOOP_E_NOMEM);
    anyloop_value_release(&out);
    anyloop_value_release(&list);
    loop_end(loop);
}

static void a_bare_code_needs_no_memory(void **state)
{
    (void)state;
    const anyloop_allocator none = {refuse, NULL, NULL};
    const anyloop_value error = {.kind = ANYLOOP_ERROR, .flags = (uint32_t)ANYLOOP_E_NOMEM};
    anyloop_value out;
    anyl_wire wire;
    assert_ok(anyl_wire_pack(&none, &error, &wire));
    assert_ok(anyl_wire_unpack(&counted_memory, wire.head, wire.head_size, anyloop_none(), &out));
    assert_int_equal(anyloop_error_code(&out), ANYLOOP_E_NOMEM);
    anyl_wire_free(&none, &wire);
    anyloop_value_release(&out);

    const anyloop_value text = anyloop_static_text("why"), told = anyl_error_as(&text, ANYLOOP_E_USER);
    assert_ok(travel(&told, &out)); /* nobody owns that one either */
    assert_int_equal(anyloop_error_code(&out), ANYLOOP_E_USER);
    assert_string_equal(anyloop_error_text(&out, NULL), "why");
    anyloop_value_release(&out);
}

static void without_memory_nothing_arrives_and_nothing_is_lost(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_value items[2] = {anyloop_static_text("a text"), full_error(loop)}, list, out;
    assert_ok(anyloop_value_list(loop, items, 2, &list));
    anyloop_status status = ANYLOOP_E_NOMEM;
    size_t blocks = memory.blocks, number;
    for (number = 1; status != ANYLOOP_OK; number++) {
        memory.fail_at = memory.asked + number;
        status = travel(&list, &out);
        memory.fail_at = 0;
        assert_true(status == ANYLOOP_OK || status == ANYLOOP_E_NOMEM);
        if (status != ANYLOOP_OK)
            assert_int_equal(memory.blocks, blocks);
    }
    assert_true(number > 5);
    anyloop_value_release(&out);
    anyloop_value_release(&list);
    loop_end(loop);
}

static void bytes_that_are_no_value_are_refused(void **state)
{
    (void)state;
    anyloop_loop *loop = loop_new();
    anyloop_value error = full_error(loop), out;
    anyl_wire wire;
    assert_ok(anyl_wire_pack(&counted_memory, &error, &wire));
    for (size_t size = 0; size < wire.head_size; size++) /* cut anywhere */
        assert_int_equal(anyl_wire_unpack(&counted_memory, wire.head, size, anyloop_none(), &out), ANYLOOP_E_INVALID);
    anyl_wire_record wrong[] = {{99, 0, 0}, {ANYLOOP_TEXT, 0, UINT64_MAX}, {ANYLOOP_LIST, 0, UINT64_MAX}};
    for (size_t i = 0; i < LENGTH(wrong); i++)
        assert_int_equal(anyl_wire_unpack(&counted_memory, &wrong[i], sizeof wrong[i], anyloop_none(), &out),
                         ANYLOOP_E_INVALID);
    anyl_wire_free(&counted_memory, &wire);
    anyloop_value_release(&error);
    loop_end(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalars_arrive_as_they_left),
        cmocka_unit_test(texts_arrive_with_a_nul_behind_them),
        cmocka_unit_test(lists_arrive_whole_as_deep_as_they_may_be),
        cmocka_unit_test(an_error_arrives_with_its_cause_and_its_children),
        cmocka_unit_test(pointers_and_futures_stay_at_home),
        cmocka_unit_test(what_is_shared_in_memory_may_be_too_much),
        cmocka_unit_test(a_bare_code_needs_no_memory),
        cmocka_unit_test(without_memory_nothing_arrives_and_nothing_is_lost),
        cmocka_unit_test(bytes_that_are_no_value_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
