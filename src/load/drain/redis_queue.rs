//! Waiting queues that are Redis lists: `RPUSH` for who arrives, `LRANGE` and `LTRIM`, or `LPOP` with a count (Redis 6.2
//! and later), for who is taken. An entry is `<user id> <arrival in µs since the trial's start>`.

use std::time::Duration;

use redis::{
    Client, Cmd, Connection, ConnectionInfo, ErrorKind, IntoConnectionInfo, Pipeline, RedisError, RedisResult,
};
use uuid::Uuid;

use super::arrivals::User;
use super::queue::{QueueError, WaitingQueue};

/// How long to wait for a connection, or for any answer.
const ANSWER: Duration = Duration::from_secs(5);
/// Lists expire so long after the last user was pushed: what still waits can be looked at, and nothing stays for ever.
const KEPT_S: i64 = 3_600;
/// Where the password comes from, as for `redis-cli`.
pub const PASSWORD_VARIABLE: &str = "REDISCLI_AUTH";

/// Queues in Redis. A connection of its own for each.
pub struct RedisQueues {
    connection: Connection,
    url: String,
    /// How the lists' names begin.
    prefix: String,
    coupons: u32,
}

/// The name under which users wait for a coupon in the trial of a topic.
pub fn list_name(topic: &str, coupon: u32) -> String {
    format!("kpbench:{topic}:waiting:{coupon}")
}

/// Why Redis did not do what it was asked, in one line.
fn cause(error: &RedisError) -> String {
    if error.is_timeout() {
        return format!("no answer within {} s", ANSWER.as_secs());
    }
    if error.kind() == ErrorKind::Parse {
        return "what answers there does not speak Redis' protocol".to_owned();
    }
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn connect(url: &str) -> Result<Connection, QueueError> {
    let failed = |error: RedisError| QueueError {
        place: url.to_owned(),
        what: "cannot be reached",
        cause: cause(&error),
    };
    let mut info: ConnectionInfo = url.into_connection_info().map_err(failed)?;
    if let Some(password) = std::env::var(PASSWORD_VARIABLE)
        .ok()
        .filter(|password| !password.is_empty())
    {
        let settings = info.redis_settings().clone().set_password(password);
        info = info.set_redis_settings(settings);
    }
    let client = Client::open(info).map_err(failed)?;
    let connection = client.get_connection_with_timeout(ANSWER).map_err(failed)?;
    connection
        .set_read_timeout(Some(ANSWER))
        .and_then(|()| connection.set_write_timeout(Some(ANSWER)))
        .map_err(failed)?;
    Ok(connection)
}

/// Whether a Redis server answers at this address, as it must before any load begins.
///
/// # Errors
/// Why it does not.
pub fn probe(url: &str) -> Result<(), QueueError> {
    let mut connection = connect(url)?;
    redis::cmd("PING")
        .query::<String>(&mut connection)
        .map(|_| ())
        .map_err(|error| QueueError {
            place: url.to_owned(),
            what: "does not answer",
            cause: cause(&error),
        })
}

/// Deletes the lists of these topics' trials, which had so many coupons at most.
///
/// # Errors
/// Where Redis cannot be reached or refuses.
pub fn forget(url: &str, topics: &[String], coupons: u32) -> Result<(), QueueError> {
    let mut connection = connect(url)?;
    for topic in topics {
        let mut delete = redis::cmd("DEL");
        for coupon in 0..coupons {
            delete.arg(list_name(topic, coupon));
        }
        delete.query::<u64>(&mut connection).map_err(|error| QueueError {
            place: url.to_owned(),
            what: "does not delete its lists",
            cause: cause(&error),
        })?;
    }
    Ok(())
}

impl RedisQueues {
    /// Empty queues for a trial of this topic.
    ///
    /// # Errors
    /// Where Redis cannot be reached or refuses.
    pub fn connect(url: &str, topic: &str, coupons: u32) -> Result<Self, QueueError> {
        let mut queues = Self {
            connection: connect(url)?,
            url: url.to_owned(),
            prefix: topic.to_owned(),
            coupons,
        };
        let mut empty = Cmd::new();
        empty.arg("DEL");
        for coupon in 0..coupons {
            empty.arg(list_name(topic, coupon));
        }
        queues.ask::<u64>("refuses to empty its lists", &empty).map(|_| ())?;
        Ok(queues)
    }

    /// Another handle on the same queues.
    ///
    /// # Errors
    /// Where Redis cannot be reached.
    pub fn another(&self) -> Result<Self, QueueError> {
        Ok(Self {
            connection: connect(&self.url)?,
            url: self.url.clone(),
            prefix: self.prefix.clone(),
            coupons: self.coupons,
        })
    }

    fn list(&self, coupon: u32) -> String {
        list_name(&self.prefix, coupon)
    }

    fn told<T>(&self, what: &'static str, answer: RedisResult<T>) -> Result<T, QueueError> {
        answer.map_err(|error| QueueError {
            place: self.url.clone(),
            what,
            cause: cause(&error),
        })
    }

    fn ask<T: redis::FromRedisValue>(&mut self, what: &'static str, command: &Cmd) -> Result<T, QueueError> {
        let answer = command.query(&mut self.connection);
        self.told(what, answer)
    }

    fn parse(&self, coupon: u32, entries: &[String], users: &mut Vec<User>) -> Result<(), QueueError> {
        users.clear();
        for entry in entries {
            let parsed = entry.split_once(' ').and_then(|(id, at_us)| {
                Some(User {
                    at_us: at_us.parse().ok()?,
                    coupon,
                    id: Uuid::parse_str(id).ok()?,
                })
            });
            users.push(parsed.ok_or_else(|| QueueError {
                place: self.url.clone(),
                what: "holds an entry that nobody put there",
                cause: format!("{entry:?} in {}", self.list(coupon)),
            })?);
        }
        Ok(())
    }
}

impl WaitingQueue for RedisQueues {
    fn push(&mut self, users: &[User]) -> Result<(), QueueError> {
        let mut pipeline = Pipeline::new();
        for coupon in 0..self.coupons {
            let mut entries = users.iter().filter(|user| user.coupon == coupon).peekable();
            if entries.peek().is_none() {
                continue;
            }
            let list = self.list(coupon);
            let command = pipeline.cmd("RPUSH").arg(&list);
            for user in entries {
                command.arg(format!("{} {}", user.id.hyphenated(), user.at_us));
            }
            command.ignore();
            pipeline.cmd("EXPIRE").arg(&list).arg(KEPT_S).ignore();
        }
        let answer = pipeline.query::<()>(&mut self.connection);
        self.told("takes no users", answer)
    }

    fn read(&mut self, coupon: u32, count: u32, users: &mut Vec<User>) -> Result<(), QueueError> {
        let mut command = redis::cmd("LRANGE");
        command.arg(self.list(coupon)).arg(0).arg(i64::from(count) - 1);
        let entries: Vec<String> = self.ask("cannot be read", &command)?;
        self.parse(coupon, &entries, users)
    }

    fn remove(&mut self, coupon: u32, count: u32) -> Result<(), QueueError> {
        if count == 0 {
            return Ok(());
        }
        let mut command = redis::cmd("LTRIM");
        command.arg(self.list(coupon)).arg(count).arg(-1);
        self.ask::<()>("removes no users", &command)
    }

    fn pop(&mut self, coupon: u32, count: u32, users: &mut Vec<User>) -> Result<(), QueueError> {
        let mut command = redis::cmd("LPOP");
        command.arg(self.list(coupon)).arg(count);
        let entries: Option<Vec<String>> = self.ask("gives no users", &command)?;
        self.parse(coupon, &entries.unwrap_or_default(), users)
    }

    fn waiting(&mut self) -> Result<u64, QueueError> {
        let mut pipeline = Pipeline::new();
        for coupon in 0..self.coupons {
            pipeline.cmd("LLEN").arg(self.list(coupon));
        }
        let answer = pipeline.query::<Vec<u64>>(&mut self.connection);
        Ok(self.told("does not tell its lengths", answer)?.iter().sum())
    }
}
