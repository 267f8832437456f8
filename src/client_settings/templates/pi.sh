pi --model argo/{{model}}
