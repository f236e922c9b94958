//! What a phase needs of an exchange.

use crate::protocol::{BodyPhase, BodyPhaseMode, ChoosePhase, FieldNames, HeadPhase};

/// What is not asked for is not sent.
#[derive(Debug, Clone, Default)]
pub struct Needs {
    fields: Option<FieldNames>,
    attributes: Option<Vec<String>>,
    limit_bytes: Option<u64>,
    pub(crate) is_quick: bool,
}

impl Needs {
    /// Of a head: method, scheme, authority and path, or status, and no fields. Of a body: all of it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Fields of a head, by their names in lower case.
    pub fn fields<T: Into<String>>(mut self, names: impl IntoIterator<Item = T>) -> Self {
        self.fields = Some(FieldNames::Names(names.into_iter().map(Into::into).collect()));
        self
    }

    pub fn all_fields(mut self) -> Self {
        self.fields = Some(FieldNames::Text("*".into()));
        self
    }

    /// Facts of a head or a choice, by the protocol's names.
    pub fn attributes<T: Into<String>>(mut self, names: impl IntoIterator<Item = T>) -> Self {
        self.attributes = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// The longest body that is buffered, in bytes.
    pub fn limit_bytes(mut self, limit: u64) -> Self {
        self.limit_bytes = Some(limit);
        self
    }

    /// The handler never waits. It runs where messages are read, which spares a change of threads; while it works nothing
    /// else does.
    pub fn quick(mut self) -> Self {
        self.is_quick = true;
        self
    }

    pub(crate) fn head(&self) -> HeadPhase {
        HeadPhase { fields: self.fields.clone(), attributes: self.attributes.clone() }
    }

    pub(crate) fn body(&self) -> BodyPhase {
        BodyPhase { mode: Some(BodyPhaseMode::Buffered), limit_bytes: self.limit_bytes }
    }

    pub(crate) fn choice(&self) -> ChoosePhase {
        ChoosePhase { attributes: self.attributes.clone() }
    }
}
