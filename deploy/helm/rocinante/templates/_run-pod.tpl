{{/* Mode jobset: who starts the run and watches it to its end, which is the set's. */}}
{{- define "rocinante.runPod" -}}
{{- $image := .Values.coordinator.image }}
metadata:
  labels:
    {{- include "rocinante.labels" (dict "root" . "component" "run") | nindent 4 }}
spec:
  {{- include "rocinante.podCommon" . | nindent 2 }}
  restartPolicy: Never
  containers:
    - name: run
      image: {{ include "rocinante.image" (dict "root" . "image" $image) }}
      imagePullPolicy: {{ $image.pullPolicy }}
      args:
        - run-to-end
        - {{ .Values.run.name | quote }}
        {{- with .Values.run.args }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      env:
        - name: ROCINANTE_COORDINATOR
          value: {{ include "rocinante.coordinatorHost" . }}:7070
        {{- include "rocinante.commonEnv" (dict "root" .) | nindent 8 }}
      {{- include "rocinante.containerSecurity" . | nindent 6 }}
      resources:
        {{- toYaml .Values.run.resources | nindent 8 }}
      volumeMounts:
        {{- include "rocinante.commonMounts" . | nindent 8 }}
        {{- with .Values.run.volumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    {{- include "rocinante.commonVolumes" . | nindent 4 }}
    {{- include "rocinante.securityVolume" (dict "root" . "name" "operator" "certificate" .Values.security.operatorCertificate "files" (list "operator.token")) | nindent 4 }}
    {{- with .Values.run.volumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}
