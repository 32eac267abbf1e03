{{- define "rocinante.claim" -}}
accessModes:
  {{- toYaml .accessModes | nindent 2 }}
{{- with .className }}
storageClassName: {{ . }}
{{- end }}
resources:
  requests:
    storage: {{ .size }}
{{- end -}}
