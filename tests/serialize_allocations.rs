//! Serializing allocates nothing per record once buffers have grown: counted by the allocator itself. In a test binary of
//! its own, whose one test is alone on its thread.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use kpbench::protocol::{RecordKind, SerializerKind};
use kpbench::serialize::{AvroSchema, LogicalRecords, Serializers};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    // Not there any more while the thread ends.
    let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
}

// SAFETY: every call goes to the system's allocator as it is; counting allocates nothing.
#[allow(unsafe_code, reason = "a counting allocator cannot be written without")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller's promise.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn no_serializer_allocates_per_record() {
    for record in RecordKind::ALL {
        for kind in SerializerKind::ALL
            .iter()
            .filter(|kind| **kind != SerializerKind::Bytes)
        {
            let schema = (*kind == SerializerKind::Avro).then(|| (AvroSchema::of(*record, None).unwrap(), 1));
            let prepared = Serializers::new(LogicalRecords::take(*record, 1_000, 1), *kind, schema).unwrap();
            let mut serializer = prepared.serializer();
            let mut out = Vec::with_capacity(1 << 20);
            let mut pass = || {
                let before = ALLOCATIONS.with(Cell::get);
                out.clear();
                (0..1_000).for_each(|n| serializer.serialize(n, &mut out).unwrap());
                ALLOCATIONS.with(Cell::get) - before
            };
            pass();
            assert_eq!(pass(), 0, "{record} as {kind}");
        }
    }
    let before = ALLOCATIONS.with(Cell::get);
    drop(std::hint::black_box(vec![1_u8; 100]));
    assert_eq!(ALLOCATIONS.with(Cell::get) - before, 1, "the count counts");
}
