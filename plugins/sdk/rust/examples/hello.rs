use weir_plugin::{Action, Needs, Plugin};

fn main() {
    Plugin::new("hello", "1.0")
        .request_head(Needs::new().fields(["user-agent"]).quick(), |call| {
            Ok(Action::new().set("x-hello", call.field("user-agent").unwrap_or("?")))
        })
        .run();
}
