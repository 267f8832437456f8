"""An MCP server with one tool, `add`, over standard input and output."""

import json
import sys

NUMBER = {"type": "integer"}
ADD = {
    "name": "add",
    "description": "Adds two numbers.",
    "inputSchema": {"type": "object", "properties": {"a": NUMBER, "b": NUMBER}, "required": ["a", "b"]},
}


def result(method, params):
    """The result of a request, or None for a method that is not known."""
    if method == "initialize":
        about = {"name": "adder", "version": "1"}
        return {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": about}
    if method == "tools/list":
        return {"tools": [ADD]}
    if method == "tools/call":
        total = params["arguments"]["a"] + params["arguments"]["b"]
        return {"content": [{"type": "text", "text": f"the sum is {total}"}]}
    return {} if method == "ping" else None


for line in sys.stdin:
    request = json.loads(line)
    # What has no id is a notification, which nothing answers.
    if "id" not in request:
        continue
    found = result(request["method"], request.get("params", {}))
    unknown = {"code": -32601, "message": "there is no such method"}
    reply = {"error": unknown} if found is None else {"result": found}
    print(json.dumps({"jsonrpc": "2.0", "id": request["id"], **reply}), flush=True)
