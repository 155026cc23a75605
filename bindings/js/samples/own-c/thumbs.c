/* thumbs.c -- stb's image libraries for JavaScript: thumbnails, made in workers.
 *
 *     npx anyloop-cc thumbs.c -idirafter /usr/include -lm -o thumbs.wasm     (Debian: libstb-dev)
 *
 * SPDX-License-Identifier: MIT
 */
#include <anyloop_guest.h>

#include <stdlib.h>

#define STB_IMAGE_IMPLEMENTATION
#define STBI_NO_STDIO
#include <stb/stb_image.h>
#define STB_IMAGE_RESIZE_IMPLEMENTATION
#include <stb/stb_image_resize.h>
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STBI_WRITE_NO_STDIO
#include <stb/stb_image_write.h>

enum { CHANNELS = 4 };

/* The image as a PNG that is `width` wide; NULL: there is no memory. */
static unsigned char *shrink(const unsigned char *pixels, int from_width, int from_height, int width, int *size)
{
    int height = (int)((int64_t)from_height * width / from_width);
    height = height ? height : 1;
    unsigned char *small = malloc((size_t)width * (size_t)height * CHANNELS), *png = NULL;
    if (small && stbir_resize_uint8(pixels, from_width, from_height, 0, small, width, height, 0, CHANNELS))
        png = stbi_write_png_to_mem(small, 0, width, height, CHANNELS, size);
    free(small);
    return png;
}

/* A job: [the bytes of an image, a width] to the bytes of a PNG. */
static void thumbnail(anyloop_job *job, const anyloop_value *in)
{
    size_t count, size;
    const anyloop_value *items = anyloop_to_list(in, &count);
    const char *bytes = count == 2 ? anyloop_to_bytes(&items[0], &size) : NULL;
    int64_t width = count == 2 ? anyloop_to_int(&items[1]) : 0;
    if (bytes == NULL || width < 1 || width > 4096) {
        anyloop_job_raise(job, ANYLOOP_E_INVALID, "a thumbnail is made of [bytes, width], and at most 4096 wide");
        return;
    }
    int from_width, from_height, png_size;
    unsigned char *pixels =
        stbi_load_from_memory((const unsigned char *)bytes, (int)size, &from_width, &from_height, NULL, CHANNELS);
    if (pixels == NULL) {
        anyloop_job_raise(job, ANYLOOP_E_USER, stbi_failure_reason());
        return;
    }
    unsigned char *png = shrink(pixels, from_width, from_height, (int)width, &png_size);
    stbi_image_free(pixels);
    anyloop_value value;
    if (png && anyloop_value_bytes(NULL, png, (size_t)png_size, &value) == ANYLOOP_OK)
        anyloop_job_return(job, &value);
    else
        anyloop_job_raise(job, ANYLOOP_E_NOMEM, NULL);
    free(png);
}

ANYLOOP_JOBS = {{"thumbnail", thumbnail}, {NULL, NULL}};

/* A coroutine, which JavaScript awaits: how many bytes the thumbnails take together. */
struct total {
    anyloop_coro co;
    anyloop_future *all; /* of them */
    int64_t bytes;
};

ANYLOOP_ASYNC(total)
{
    ANYLOOP_BEGIN;
    {
        anyloop_future *all = my->all;
        my->all = NULL;
        ANYLOOP_AWAIT(all);
    }
    {
        size_t count;
        const anyloop_value *pngs = anyloop_to_list(ANYLOOP_AWAITED, &count);
        for (size_t i = 0; i < count; i++)
            my->bytes += (int64_t)pngs[i].size;
    }
    ANYLOOP_RETURN(anyloop_int(my->bytes));
    ANYLOOP_END;
}

static void forget(void *frame)
{
    anyloop_future_release(((struct total *)frame)->all);
}

/* Of a list of thumbnail's inputs, made at once in as many workers as there are. */
ANYLOOP_EXPORT(total_size) anyloop_future *total_size(anyloop_loop *loop, const anyloop_value *in)
{
    size_t count;
    const anyloop_value *items = anyloop_to_list(in, &count);
    anyloop_future **jobs = malloc((count ? count : 1) * sizeof *jobs);
    if (jobs == NULL)
        return anyloop_failed(ANYLOOP_E_NOMEM);
    for (size_t i = 0; i < count; i++) {
        anyloop_value_retain(&items[i]);
        jobs[i] = anyloop_run_in_executor(loop, NULL, thumbnail, &items[i]);
    }
    const struct total frame = {.all = anyloop_gather(loop, jobs, count, 0)};
    free(jobs);
    const anyloop_coroutine_options options = {.struct_size = sizeof options,
                                               .name = "total_size",
                                               .step = total_step,
                                               .frame = &frame,
                                               .frame_size = sizeof frame,
                                               .drop = forget};
    return anyloop_coroutine_create_with(loop, &options);
}
