//! Waiting queues in Redis around a run: asked whether they answer before anything is started, and rid afterwards of the
//! lists that trials left users in.

use std::collections::BTreeMap;

use crate::load::drain::{QueueError, forget as delete, probe};
use crate::profile::Profile;
use crate::protocol::WaitingQueues;

/// Whether every Redis answers that users are to wait in.
///
/// # Errors
/// Why one does not.
pub(super) fn answer(profile: &Profile) -> Result<(), QueueError> {
    servers(profile).keys().try_for_each(|url| probe(url))
}

/// Deletes the lists of these topics' trials, which go with their topics. What cannot be deleted is named with the reason.
pub(super) async fn forget(profile: &Profile, topics: Vec<String>) -> Vec<String> {
    let servers = servers(profile);
    if servers.is_empty() || topics.is_empty() {
        return Vec::new();
    }
    let deleted = tokio::task::spawn_blocking(move || {
        let failed = servers
            .iter()
            .filter_map(|(url, coupons)| delete(url, &topics, *coupons).err());
        failed
            .map(|error| format!("The lists of waiting users were not deleted, and expire within an hour: {error}"))
            .collect()
    });
    deleted.await.unwrap_or_default()
}

/// Each server with the most coupons that a configuration has there.
fn servers(profile: &Profile) -> BTreeMap<String, u32> {
    let mut servers = BTreeMap::new();
    for configuration in &profile.configurations {
        let drain = configuration.workload.arrival.scheduled_drain();
        if let Some((WaitingQueues::Redis { url }, coupons)) = drain.map(|drain| (&drain.queue, drain.coupons)) {
            let most: &mut u32 = servers.entry(url.clone()).or_default();
            *most = coupons.max(*most);
        }
    }
    servers
}
