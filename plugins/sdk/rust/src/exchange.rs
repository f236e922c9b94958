//! What is kept of an exchange between its phases.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::Mutex;

use crate::pool::locked;

/// Values of an exchange, one of each type: what one phase puts there, a later one finds.
#[derive(Default)]
pub struct Kept(Mutex<HashMap<TypeId, Box<dyn Any + Send>>>);

impl Kept {
    /// Replaces the value of the same type.
    pub fn set<T: Send + 'static>(&self, value: T) {
        locked(&self.0).insert(TypeId::of::<T>(), Box::new(value));
    }

    pub fn get<T: Clone + 'static>(&self) -> Option<T> {
        locked(&self.0).get(&TypeId::of::<T>()).and_then(|value| value.downcast_ref::<T>()).cloned()
    }

    pub fn take<T: 'static>(&self) -> Option<T> {
        let taken = locked(&self.0).remove(&TypeId::of::<T>())?;
        taken.downcast::<T>().ok().map(|value| *value)
    }
}
