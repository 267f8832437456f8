llm keys set argo --value {{key}}
llm models default {{model}}
llm "Say hello"
