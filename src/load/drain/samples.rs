//! What the tests here begin with.

use crate::protocol::{CouponKey, DrainOrder, ScheduledDrain, UserPattern, WaitingQueues};

pub fn drain() -> ScheduledDrain {
    ScheduledDrain {
        users_per_s: 100.0,
        users_pattern: UserPattern::Constant,
        coupons: 2,
        every_us: 1_000_000,
        batch_size: 50,
        order: DrainOrder::SendThenRemove,
        queue: WaitingQueues::Memory,
        key: CouponKey::UserId,
        type_id: None,
    }
}
