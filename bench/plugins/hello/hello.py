# The hello of the library's README.
from weir_plugin import Plugin

plugin = Plugin("hello", "1.0")


@plugin.request_head(fields=["user-agent"], quick=True)
def hello(call):
    return {"fields": [["set", "x-hello", call.field("user-agent", "?")]]}


plugin.run()
