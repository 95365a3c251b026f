//! Waiting queues behind one small trait, and those in memory.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::arrivals::User;

/// Why a waiting queue could not be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the waiting queue {place} {what}: {cause}")]
pub struct QueueError {
    /// Where it is.
    pub place: String,
    /// What was tried.
    pub what: &'static str,
    /// Why it failed.
    pub cause: String,
}

/// One waiting queue for each coupon: first come, first served. A handle belongs to one thread.
pub trait WaitingQueue: Send {
    /// Puts users at the end of their coupons' queues, in this order.
    fn push(&mut self, users: &[User]) -> Result<(), QueueError>;

    /// The first `count` users of a coupon's queue, or as many as there are, into `users`; they stay in it.
    fn read(&mut self, coupon: u32, count: u32, users: &mut Vec<User>) -> Result<(), QueueError>;

    /// Removes the first `count` users of a coupon's queue.
    fn remove(&mut self, coupon: u32, count: u32) -> Result<(), QueueError>;

    /// Takes the first `count` users out of a coupon's queue, or as many as there are, into `users`.
    fn pop(&mut self, coupon: u32, count: u32, users: &mut Vec<User>) -> Result<(), QueueError>;

    /// Users in all queues.
    fn waiting(&mut self) -> Result<u64, QueueError>;
}

/// Queues in this process. Clones are handles on the same ones.
#[derive(Clone, Debug)]
pub struct MemoryQueues {
    queues: Arc<Mutex<Vec<VecDeque<User>>>>,
}

impl MemoryQueues {
    /// One empty queue for each coupon.
    pub fn new(coupons: u32) -> Self {
        Self {
            queues: Arc::new(Mutex::new(vec![VecDeque::new(); coupons as usize])),
        }
    }

    fn locked(&self) -> MutexGuard<'_, Vec<VecDeque<User>>> {
        // Queues are whole after every step: a panic elsewhere does not spoil them.
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WaitingQueue for MemoryQueues {
    fn push(&mut self, users: &[User]) -> Result<(), QueueError> {
        let mut queues = self.locked();
        for user in users {
            queues[user.coupon as usize].push_back(*user);
        }
        Ok(())
    }

    fn read(&mut self, coupon: u32, count: u32, users: &mut Vec<User>) -> Result<(), QueueError> {
        users.clear();
        users.extend(self.locked()[coupon as usize].iter().take(count as usize));
        Ok(())
    }

    fn remove(&mut self, coupon: u32, count: u32) -> Result<(), QueueError> {
        let queue = &mut self.locked()[coupon as usize];
        let count = queue.len().min(count as usize);
        queue.drain(..count);
        Ok(())
    }

    fn pop(&mut self, coupon: u32, count: u32, users: &mut Vec<User>) -> Result<(), QueueError> {
        users.clear();
        let queue = &mut self.locked()[coupon as usize];
        let count = queue.len().min(count as usize);
        users.extend(queue.drain(..count));
        Ok(())
    }

    fn waiting(&mut self) -> Result<u64, QueueError> {
        Ok(self.locked().iter().map(|queue| queue.len() as u64).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::drain::Arrivals;
    use crate::load::drain::samples::drain;

    #[test]
    fn first_come_first_served_for_each_coupon() {
        let users: Vec<User> = Arrivals::new(&drain(), 1).take(6).collect();
        let mut queues = MemoryQueues::new(2);
        let mut other = queues.clone();
        other.push(&users).unwrap();
        let mut found = Vec::new();
        queues.read(1, 2, &mut found).unwrap();
        assert_eq!(found, [users[1], users[3]]);
        assert_eq!(queues.waiting().unwrap(), 6, "read users stay");
        queues.remove(1, 2).unwrap();
        queues.pop(1, 9, &mut found).unwrap();
        assert_eq!(found, [users[5]]);
        assert_eq!(other.waiting().unwrap(), 3);
    }
}
